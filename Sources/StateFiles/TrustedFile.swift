internal import Glibc
public import SystemPackage

/// Reads a file that decides what connreap closes, after checking who could have written it.
public enum TrustedFile {
  /// The default maximum size: 1 MiB.
  public static let defaultLimit = 1 << 20

  /// The content of the regular file at `path`.
  ///
  /// All checks use the open descriptors, so the file cannot be replaced between the check and the
  /// read. A FIFO or device is refused, and never waited for.
  ///
  /// - Parameters:
  ///   - asRoot: whether the run has root's privileges. The file and its directory must then belong
  ///     to root and be writable by nobody else, and the file must not be a symbolic link.
  ///   - limit: the maximum size, in bytes.
  public static func read(
    _ path: FilePath, asRoot: Bool, limit: Int = defaultLimit
  ) throws(TrustedFileProblem) -> [UInt8] {
    guard let name = path.lastComponent else { throw .notRegular(path) }
    let directoryPath = path.removingLastComponent()
    let shownDirectory: FilePath = directoryPath.isEmpty ? "." : directoryPath
    let directory = try open(
      shownDirectory, from: nil, flags: OpenFile.pathOnly | O_DIRECTORY, shown: shownDirectory)
    if asRoot { try requireRootsOwn(directory, at: shownDirectory) }
    let found = try open(
      FilePath(root: nil, [name]), from: directory.descriptor,
      flags: OpenFile.pathOnly | (asRoot ? O_NOFOLLOW : 0), shown: path)
    let type = try facts(of: found, at: path).type
    guard type != .symbolicLink else { throw .symbolicLink(path) }
    guard type == .regular else { throw .notRegular(path, type) }
    if asRoot { try requireRootsOwn(found, at: path) }
    let file = try reading(found, FilePath(root: nil, [name]), in: directory, shown: path)
    do {
      // The file may grow meanwhile, so read one byte more than allowed.
      let bytes = try file.read(atMost: limit + 1)
      if bytes.count <= limit { return bytes }
    } catch {
      throw .cannotRead(path, error)
    }
    throw .tooLarge(path, limit: limit)
  }

  private static func open(
    _ path: FilePath, from start: FileDescriptor?, flags: CInt, shown: FilePath
  ) throws(TrustedFileProblem) -> OpenFile {
    do {
      return try OpenFile(path, from: start, flags: flags)
    } catch {
      throw .cannotOpen(shown, error)
    }
  }

  private static func reading(
    _ found: borrowing OpenFile, _ name: FilePath, in directory: borrowing OpenFile, shown: FilePath
  ) throws(TrustedFileProblem) -> OpenFile {
    do {
      return try OpenFile.reading(found, at: name, from: directory.descriptor)
    } catch {
      throw .cannotOpen(shown, error)
    }
  }

  private static func facts(
    of file: borrowing OpenFile, at path: FilePath
  ) throws(TrustedFileProblem) -> AccessFacts {
    do {
      return try AccessFacts(of: file)
    } catch {
      throw .cannotOpen(path, error)
    }
  }

  private static func requireRootsOwn(
    _ file: borrowing OpenFile, at path: FilePath
  ) throws(TrustedFileProblem) {
    let facts = try facts(of: file, at: path)
    guard facts.owner == 0 else { throw .notOwnedByRoot(path, owner: facts.owner) }
    guard !facts.isWritableByOthers else { throw .writableByOthers(path, facts.permissions) }
  }
}
