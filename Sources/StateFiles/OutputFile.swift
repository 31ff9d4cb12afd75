internal import Glibc
public import SystemPackage

/// Where a command writes what a user asked it to write to a file.
public enum OutputFile: Equatable, Sendable {
  /// A descriptor that connreap was started with: `-` or `/dev/stdout`, `/dev/stderr`,
  /// `/dev/fd/N`. It may be anything that can be written to.
  case descriptor(FileDescriptor)
  /// A regular file that is there, or one that is to be made.
  case file(FilePath)

  /// What `name` stands for, after checking that it can be written to as far as can be seen now.
  ///
  /// - Throws: ``FileProblem`` for a link, a device, a FIFO, a socket or a directory: none of them
  ///   is replaced or written to.
  public init(_ name: String) throws(FileProblem) {
    if let number = DescriptorName.number(of: name, dash: 1) {
      guard fcntl(number, F_GETFD) >= 0 else {
        throw .cannotOpen(FilePath(name), .badFileDescriptor)
      }
      self = .descriptor(FileDescriptor(rawValue: number))
      return
    }
    let path = FilePath(name)
    let end = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last
    guard let end, !end.isEmpty, !Array(end).elementsEqual(".".utf8),
      !Array(end).elementsEqual("..".utf8)
    else {
      guard (try? path.stat().type) == .directory else { throw .noSuchDirectory(name) }
      throw .notRegular(path, .directory)
    }
    _ = try FileReplacement(of: path)
    self = .file(path)
  }

  /// Writes `bytes`. A file is replaced as a whole (rename(2)): who reads it finds the old content
  /// or the new, and the old when this fails.
  ///
  /// - Parameters:
  ///   - permissions: of a new file, whatever the umask is.
  ///   - keepsOwner: whether a file that is there keeps its owner, group and mode. If not, it gets
  ///     `permissions`, and belongs to this user.
  public func write(
    _ bytes: [UInt8], permissions: FilePermissions, keepsOwner: Bool
  ) throws(FileProblem) {
    switch self {
    case .descriptor(let descriptor):
      do throws(Errno) {
        try descriptor.writeWhole(bytes)
      } catch {
        throw .cannotWrite(FilePath("/dev/fd/\(descriptor.rawValue)"), error)
      }
    case .file(let path):
      try FileReplacement(of: path)
        .replace(with: bytes, permissions: permissions, keepsOwner: keepsOwner)
    }
  }
}

extension FileDescriptor {
  /// Writes all of `bytes`.
  func writeWhole(_ bytes: [UInt8]) throws(Errno) {
    do {
      _ = try writeAll(bytes)
    } catch {
      throw error as? Errno ?? .ioError
    }
  }
}
