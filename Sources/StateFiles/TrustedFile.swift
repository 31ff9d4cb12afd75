internal import Glibc
public import SystemPackage

/// Reads a file that decides what is closed, after checking who could have written it.
public enum TrustedFile {
  /// The size above which no file is read: 1 MiB.
  public static let usualLimit = 1 << 20

  /// What is in the regular file at `path`.
  ///
  /// All checks are made on the open descriptors, so that nothing can be put in its place between
  /// the check and the reading. A FIFO or a device is refused and never waited for.
  ///
  /// - Parameters:
  ///   - asRoot: whether the run has root's power: the file and its folder must then belong to
  ///     root, be writable by nobody else, and the file must not be a symbolic link.
  ///   - limit: the largest size, in bytes.
  public static func read(
    _ path: FilePath, asRoot: Bool, limit: Int = usualLimit
  ) throws(TrustedFileProblem) -> [UInt8] {
    guard let name = path.lastComponent else { throw .notRegular(path) }
    let folderPath = path.removingLastComponent()
    let shownFolder: FilePath = folderPath.isEmpty ? "." : folderPath
    let folder = try open(
      shownFolder, from: nil, flags: OpenFile.pathOnly | O_DIRECTORY, shown: shownFolder)
    if asRoot { try requireRootsOwn(folder, at: shownFolder) }
    let found = try open(
      FilePath(root: nil, [name]), from: folder.descriptor,
      flags: OpenFile.pathOnly | (asRoot ? O_NOFOLLOW : 0), shown: path)
    let type = try facts(of: found, at: path).type
    guard type != .symbolicLink else { throw .symbolicLink(path) }
    guard type == .regular else { throw .notRegular(path, type) }
    if asRoot { try requireRootsOwn(found, at: path) }
    let file = try reading(found, FilePath(root: nil, [name]), in: folder, shown: path)
    do {
      // The size at one moment is no promise; one byte more than allowed tells.
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
    _ found: borrowing OpenFile, _ name: FilePath, in folder: borrowing OpenFile, shown: FilePath
  ) throws(TrustedFileProblem) -> OpenFile {
    do {
      return try OpenFile.reading(found, at: name, from: folder.descriptor)
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
