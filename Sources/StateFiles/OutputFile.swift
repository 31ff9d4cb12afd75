internal import Glibc
public import SystemPackage

/// The destination of a command's output file.
public enum OutputFile: Equatable, Sendable {
  /// An inherited descriptor: `-`, `/dev/stdout`, `/dev/stderr` or `/dev/fd/N`. It may refer to
  /// anything writable.
  case descriptor(FileDescriptor)
  /// A regular file, existing or new.
  case file(FilePath)

  /// Parses `name`, and checks in advance whether it can be written.
  ///
  /// - Throws: ``FileProblem`` for a link, a device, a FIFO, a socket or a directory. None of them
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

  /// Writes `bytes`. A file is replaced atomically (rename(2)): a reader sees the old or the new
  /// content. If writing fails, the old file stays.
  ///
  /// - Parameters:
  ///   - permissions: the mode of a new file, regardless of the umask.
  ///   - keepsOwner: whether an existing file keeps its owner, group and mode. Otherwise it gets
  ///     `permissions` and belongs to this user.
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
