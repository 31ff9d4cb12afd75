import Glibc
package import SystemPackage

/// What is at the other end of a descriptor.
package struct Terminal: Equatable {
  /// Whether it is a terminal at all.
  package let isTerminal: Bool
  /// Its width in columns; nil for a pipe or a file, where nothing is fitted.
  package let width: Int?

  /// The narrowest terminal for which a table is fitted; below it, lines wrap.
  private static let narrowest = 40

  /// Looks at `descriptor`. A terminal that does not know its width has 80 columns.
  ///
  /// - Parameter columns: the value of `COLUMNS`, which is taken when the terminal has no answer.
  package static func of(_ descriptor: FileDescriptor, columns: String?) -> Terminal {
    guard isatty(descriptor.rawValue) == 1 else { return Terminal(isTerminal: false, width: nil) }
    var size = winsize()
    let answered = unsafe ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), &size) == 0
    let width =
      answered && size.ws_col > 0 ? Int(size.ws_col) : columns.flatMap { Int($0) } ?? 80
    return Terminal(isTerminal: true, width: max(width, narrowest))
  }
}

/// When to colour.
package enum ColorChoice: String, CaseIterable {
  case auto
  case always
  case never

  /// Whether to colour what goes to `terminal`, with `NO_COLOR` and `TERM` of `environment`.
  ///
  /// See https://no-color.org: any text in `NO_COLOR` means no, unless a flag says otherwise.
  package func isOn(for terminal: Terminal, environment: Environment) -> Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto:
      terminal.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
        && environment["TERM"] != "dumb"
    }
  }
}

/// The environment of the process, as a value.
package struct Environment: Sendable {
  package let lookUp: @Sendable (String) -> String?

  package subscript(_ name: String) -> String? { lookUp(name) }

  package static let ofProcess = Environment { name in
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
