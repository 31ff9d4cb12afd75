import Rendering
package import StateFiles
package import SystemPackage

/// Reads and writes whole files that the command line names.
package enum FileContents {
  /// The size limit of recordings in bytes. One of a million sockets has about 1 GB.
  static let recordingLimit = 2 << 30

  /// Reads `name`, a regular file. `-` and `/dev/stdin` are standard input.
  ///
  /// - Parameters:
  ///   - limit: the size limit in bytes.
  ///   - continues: decides by the first bytes whether to read the rest.
  package static func read(
    _ name: String, limit: Int, while continues: (ArraySlice<UInt8>) -> Bool
  ) throws(CommandFailure) -> [UInt8] {
    do {
      return try InputFile.read(name, limit: limit, while: continues)
    } catch {
      throw CommandFailure(.badData, EscapedText.escaped("\(error)"))
    }
  }

  /// Opens the value `name` of `option`, a regular or new file. `-` and `/dev/stdout` are standard
  /// output.
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
      var stream = OutputStream(descriptor, isText: false)
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
    case .notRegular, .noSuchDirectory, .plantedByOtherUser:
      return CommandFailure(
        .usage, text, remedy: "name a regular file or a new one, or - for standard output")
    default:
      let isRefused = problem.errno == .permissionDenied || problem.errno == .notPermitted
      return CommandFailure(isRefused ? .permission : .failed, text)
    }
  }
}
