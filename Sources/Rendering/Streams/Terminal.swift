import Glibc
package import SystemPackage

/// What a descriptor is connected to: a terminal of some width, or a pipe or file.
package struct Terminal: Equatable {
  package let isTerminal: Bool
  /// The width in columns; nil for a pipe or a file without `COLUMNS`, which need no fitting.
  package let width: Int?

  /// The narrowest width that tables are fitted to; on a narrower terminal, lines wrap.
  private static let minimumWidth = 40

  /// Examines `descriptor`. A terminal of unknown width counts as 80 columns wide.
  ///
  /// - Parameter columns: the value of `COLUMNS`, used for a pipe, and for a terminal that does not
  ///   report its width.
  package static func of(_ descriptor: FileDescriptor, columns: String?) -> Terminal {
    let wanted = columns.flatMap { Int($0) }.flatMap { $0 > 0 ? max($0, minimumWidth) : nil }
    guard isatty(descriptor.rawValue) == 1 else {
      return Terminal(isTerminal: false, width: wanted)
    }
    var size = winsize()
    let answered = unsafe ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), &size) == 0
    let width = answered && size.ws_col > 0 ? max(Int(size.ws_col), minimumWidth) : wanted ?? 80
    return Terminal(isTerminal: true, width: width)
  }
}

/// When to use colours: the values of `--color`.
package enum ColorChoice: String, CaseIterable {
  case auto
  case always
  case never

  /// Whether to colour output to `terminal`, given the variables in `environment`.
  ///
  /// The flag overrides all of them. A non-empty `NO_COLOR` (https://no-color.org) overrides
  /// `FORCE_COLOR` and `CLICOLOR_FORCE` (https://force-color.org, https://bixense.com/clicolors),
  /// which turn colours on unless they are empty or 0. Otherwise, a terminal gets colours unless
  /// `TERM` is `dumb`.
  package func isOn(for terminal: Terminal, environment: Environment) -> Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto:
      (environment["NO_COLOR"] ?? "").isEmpty
        && (["FORCE_COLOR", "CLICOLOR_FORCE"].contains { Self.forces(environment[$0]) }
          || terminal.isTerminal && environment["TERM"] != "dumb")
    }
  }

  private static func forces(_ value: String?) -> Bool { !["", "0"].contains(value ?? "") }
}

/// Environment variables, as a value that tests can replace.
package struct Environment: Sendable {
  /// Returns the value of a variable; nil if it is not set.
  package let lookUp: @Sendable (String) -> String?

  package subscript(_ name: String) -> String? { lookUp(name) }

  /// The environment of this process.
  package static let ofProcess = Environment { name in
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
