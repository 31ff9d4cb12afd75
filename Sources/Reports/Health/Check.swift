package import Rendering

/// One check of `doctor`.
package struct Check: Equatable {
  /// A stable identifier for scripts.
  package let id: String
  package let severity: Severity
  package let title: String
  /// The result and why it matters.
  package let detail: String
  /// The command or file that changes it.
  package var remedy: String?

  package enum Severity: String {
    case well = "ok"
    /// Information, or a value that could not be read.
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

    /// Whether it needs attention.
    package var needsAttention: Bool { self == .warning || self == .problem }
  }
}
