import Rendering
package import StateFiles
package import SystemPackage

/// Files that the command line names, read and written as a whole.
package enum FileContents {
  /// The largest recording: one of a million sockets has about 1 GB.
  static let recordingLimit = 2 << 30

  /// The content of `name`: a regular file, or `-` or `/dev/stdin` for standard input.
  ///
  /// - Parameters:
  ///   - limit: the largest size, in bytes.
  ///   - continues: says of the first bytes whether the rest is worth reading.
  package static func read(
    _ name: String, limit: Int, while continues: (ArraySlice<UInt8>) -> Bool
  ) throws(CommandFailure) -> [UInt8] {
    do {
      return try InputFile.read(name, limit: limit, while: continues)
    } catch {
      throw CommandFailure(.badData, EscapedText.escaped("\(error)"))
    }
  }

  /// What `name` stands for, as the value of `option`, before anything is done: a regular file or a
  /// new one, or `-` or `/dev/stdout` for standard output.
  package static func output(_ name: String, _ option: String) throws(CommandFailure) -> OutputFile
  {
    do {
      return try OutputFile(name)
    } catch {
      throw failure(error, option)
    }
  }

  /// Writes `bytes` to `output`; see ``StateFiles/OutputFile/write(_:permissions:keepsOwner:)``.
  package static func write(
    _ bytes: [UInt8], to output: OutputFile, _ option: String, permissions: FilePermissions,
    keepsOwner: Bool
  ) throws {
    if case .descriptor(let descriptor) = output {
      var stream = OutputStream(descriptor)
      try stream.write { $0.append(contentsOf: bytes) }
      return try stream.flush()
    }
    do {
      try output.write(bytes, permissions: permissions, keepsOwner: keepsOwner)
    } catch {
      throw failure(error, option)
    }
  }

  private static func failure(_ problem: FileProblem, _ option: String) -> CommandFailure {
    let text = "\(option): \(EscapedText.escaped("\(problem)"))"
    switch problem {
    case .notRegular, .noSuchDirectory, .plantedByOther:
      return CommandFailure(
        .usage, text, remedy: "name a regular file or a new one, or - for standard output")
    default:
      let isRefused = problem.errno == .permissionDenied || problem.errno == .notPermitted
      return CommandFailure(isRefused ? .permission : .failed, text)
    }
  }
}
