package import Rendering

/// One thing that `doctor` has tried or read.
package struct Check: Equatable {
  /// A word for scripts.
  package let id: String
  package let severity: Severity
  package let title: String
  /// What was found and why it matters.
  package let detail: String
  /// The command or the file that changes it.
  package var remedy: String?

  package enum Severity: String {
    case well = "ok"
    /// Worth knowing, and nothing amiss; or it could not be read.
    case note
    case warning
    case problem

    package var mark: String {
      switch self {
      case .well: "✓"
      case .note: "i"
      case .warning: "!"
      case .problem: "✗"
      }
    }

    package var style: Style {
      switch self {
      case .well: .green
      case .note: .dim
      case .warning: .yellow
      case .problem: .red
      }
    }

    /// Whether something is to be done.
    package var isAmiss: Bool { self == .warning || self == .problem }
  }
}
