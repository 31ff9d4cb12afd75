/// One thing that `doctor` has tried or read.
struct Check: Equatable {
  /// A word for scripts.
  let id: String
  let severity: Severity
  let title: String
  /// What was found and why it matters.
  let detail: String
  /// The command or the file that changes it.
  var remedy: String?

  enum Severity: String {
    case well = "ok"
    /// Worth knowing, and nothing amiss; or it could not be read.
    case note
    case warning
    case problem

    var mark: String {
      switch self {
      case .well: "✓"
      case .note: "i"
      case .warning: "!"
      case .problem: "✗"
      }
    }

    var style: Style {
      switch self {
      case .well: .green
      case .note: .dim
      case .warning: .yellow
      case .problem: .red
      }
    }

    /// Whether something is to be done.
    var isAmiss: Bool { self == .warning || self == .problem }
  }
}
