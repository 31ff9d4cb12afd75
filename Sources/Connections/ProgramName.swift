/// Names the program that a process runs.
///
/// The command name (`comm`) often does not: the kernel truncates it to 15 bytes, and all programs
/// of an interpreter share it.
enum ProgramName {
  /// The maximum length of a command name in bytes (`TASK_COMM_LEN` without its NUL).
  private static let commandNameLimit = 15

  /// The program of a process; nil if it is unknown.
  ///
  /// It is the jar, main class, module or script that an interpreter runs. For another process, it
  /// is the command name or, if the kernel truncated it, the executable or script of that name.
  ///
  /// - Parameters:
  ///   - name: the command name, `comm`.
  ///   - executable: the path of the executable.
  ///   - command: the command line; nil if it is unknown.
  static func of(
    name: KernelName?, executable: KernelName?, command: ProcessCommand?
  ) -> KernelName? {
    let arguments = command?.arguments ?? []
    let executable = executable.map { lastComponent(of: $0.bytes) }
    guard let name = name?.bytes, !name.isEmpty else {
      return executable.flatMap { $0.isEmpty ? nil : KernelName(bytes: $0) }
    }
    let fullName = fullName(name, executable, arguments)
    guard let interpreter = interpreter(name, executable) else {
      return KernelName(bytes: fullName)
    }
    guard let command else { return nil }
    guard let program = interpreter.program(arguments.dropFirst()) else {
      // The part of the command line that was not read may name it.
      return command.isTruncated ? nil : KernelName(bytes: fullName)
    }
    return KernelName(bytes: program)
  }

  /// Whether the command line is needed to name the program of a process.
  static func needsCommand(name: KernelName?, executable: KernelName?) -> Bool {
    guard let name = name?.bytes else { return false }
    let executable = executable.map { lastComponent(of: $0.bytes) }
    return interpreter(name, executable) != nil
      || isTruncated(name) && executable?.starts(with: name) != true
  }

  /// The interpreter that a process runs; nil if it runs none, or chose its own command name.
  private static func interpreter(_ name: [UInt8], _ executable: [UInt8]?) -> Interpreter? {
    guard let executable else { return Interpreter(executable: name) }
    guard let interpreter = Interpreter(executable: executable) else { return nil }
    let isOriginal =
      executable.starts(with: name) || Interpreter(executable: name) == interpreter
      || interpreter.isMainThread(name)
    return isOriginal ? interpreter : nil
  }

  /// The command name or, if the kernel truncated it, the executable or script of that name.
  ///
  /// The kernel names the process of a script after the script, and passes it as the second
  /// argument, or as the third if its first line has an option.
  private static func fullName(
    _ name: [UInt8], _ executable: [UInt8]?, _ arguments: [[UInt8]]
  ) -> [UInt8] {
    guard isTruncated(name) else { return name }
    let candidates =
      [executable].compactMap(\.self) + arguments.prefix(3).map { lastComponent(of: $0) }
    return candidates.first { $0.starts(with: name) } ?? name
  }

  private static func isTruncated(_ name: [UInt8]) -> Bool { name.count == commandNameLimit }

  /// The part of a path after its last slash.
  static func lastComponent(of path: some BidirectionalCollection<UInt8>) -> [UInt8] {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return Array(path) }
    return Array(path[path.index(after: slash)...])
  }
}
