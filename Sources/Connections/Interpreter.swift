/// A program that runs other programs, which its command line names.
enum Interpreter {
  case java, node, perl, php, python, ruby, shell

  /// The interpreter with this file name, such as `python3.11`; nil if it is none.
  init?(executable name: [UInt8]) {
    let stem = String(
      decoding: name.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }, as: UTF8.self)
    let version = name.dropFirst(stem.utf8.count)
    guard version.allSatisfy({ $0 == UInt8(ascii: ".") || ($0 >= 0x30 && $0 <= 0x39) }) else {
      return nil
    }
    switch stem {
    case "java": self = .java
    case "node", "nodejs": self = .node
    case "perl": self = .perl
    case "php": self = .php
    case "python", "pypy": self = .python
    case "ruby": self = .ruby
    case "sh", "bash", "dash", "ksh", "zsh": self = .shell
    default: return nil
    }
  }

  /// Whether the interpreter itself gives this name to the main thread of a process.
  func isMainThread(_ name: [UInt8]) -> Bool {
    self == .node
      && (name.elementsEqual("MainThread".utf8) || name.elementsEqual("node-MainThread".utf8))
  }

  /// The jar, main class, module or script that the interpreter runs; nil if the arguments name
  /// none, as for a program on the command line or on standard input.
  ///
  /// - Parameter arguments: those after the interpreter's own name.
  func program(_ arguments: some Sequence<[UInt8]>) -> [UInt8]? {
    var arguments = arguments.makeIterator()
    while let argument = arguments.next() {
      guard
        argument.first == UInt8(ascii: "-")
          || (self == .java && argument.first == UInt8(ascii: "@")),
        argument.count > 1
      else { return argument == [UInt8(ascii: "-")] ? nil : script(argument) }
      let option = String(decoding: argument, as: UTF8.self)
      if option == "--" { return arguments.next().map(script) }
      let last = cluster(argument)
      if runsText.contains(option) || runsText.contains(last) { return nil }
      if namesProgram.contains(option) || namesProgram.contains(last) {
        return arguments.next().map(program)
      }
      if self == .java, option.hasPrefix("--module=") {
        return program(Array(argument.dropFirst("--module=".utf8.count)))
      }
      if takesValue.contains(option) { _ = arguments.next() }
    }
    return nil
  }

  /// The last of several one-letter options in one argument, as in `-lc`; empty if it is none.
  private func cluster(_ argument: [UInt8]) -> String {
    guard self != .java, self != .node, (3...6).contains(argument.count),
      argument.dropFirst().allSatisfy({ (0x61...0x7a).contains($0 | 0x20) }),
      let last = argument.last
    else { return "" }
    return "-" + String(Character(Unicode.Scalar(last)))
  }

  /// The options whose value is the program itself, as text.
  private var runsText: Set<String> {
    switch self {
    case .java: []
    case .node: ["-e", "--eval", "-p", "--print"]
    case .perl: ["-e", "-E"]
    case .php: ["-r"]
    case .python, .shell: ["-c"]
    case .ruby: ["-e"]
    }
  }

  /// The options whose value names the program.
  private var namesProgram: Set<String> {
    switch self {
    case .java: ["-jar", "-m", "--module"]
    case .php: ["-f", "--file"]
    case .python: ["-m"]
    case .node, .perl, .ruby, .shell: []
    }
  }

  /// The other options that take the next argument as their value.
  private var takesValue: Set<String> {
    switch self {
    case .java:
      [
        "-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path",
        "--add-modules", "--add-exports", "--add-opens", "--add-reads", "--patch-module",
        "--limit-modules", "--source", "--enable-native-access",
      ]
    case .node:
      ["-r", "--require", "--import", "-C", "--conditions", "--loader", "--experimental-loader"]
    case .perl: ["-I"]
    case .php: ["-c", "-d", "-S", "-t", "-z"]
    case .python: ["-W", "-X", "--check-hash-based-pycs"]
    case .ruby: ["-C", "-I", "-r", "-E", "-X"]
    case .shell: ["-o", "-O", "--rcfile", "--init-file"]
    }
  }

  /// The program that an option names.
  private func program(_ value: [UInt8]) -> [UInt8] {
    // A module of Python has no path. A main class follows the module of Java.
    self == .python ? value : ProgramName.lastComponent(of: value)
  }

  /// The program in `path`, or the main class of Java.
  private func script(_ path: [UInt8]) -> [UInt8] {
    let name = ProgramName.lastComponent(of: path)
    guard Self.commonNames.contains(String(decoding: name, as: UTF8.self)) else { return name }
    // Such a script is called like the directory it is in.
    let directory = ProgramName.lastComponent(of: path.dropLast(name.count + 1))
    return directory.isEmpty || directory == [UInt8(ascii: ".")]
      ? name : directory + [UInt8(ascii: "/")] + name
  }

  /// Names of scripts that many programs have.
  private static let commonNames: Set<String> = [
    "__main__.py", "app.js", "app.py", "index.js", "index.mjs", "index.php", "main.js", "main.py",
    "manage.py", "server.js", "server.py", "wsgi.py",
  ]
}
