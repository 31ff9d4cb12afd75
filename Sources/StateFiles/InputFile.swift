internal import Glibc
internal import SystemPackage

/// Reads a file named by the user, such as a plan or a recording.
public enum InputFile {
  /// The content of the regular file `name`. `-`, `/dev/stdin` and `/dev/fd/N` stand for inherited
  /// descriptors, which may also be pipes or sockets.
  ///
  /// It refuses a FIFO, a device or a directory without opening it. It waits only for the other end
  /// of an inherited pipe or socket.
  ///
  /// Symbolic links are followed. For the last part of the name, root follows only its own links.
  /// Anyone can create a link to a file that only root can read.
  ///
  /// - Parameters:
  ///   - limit: the maximum size, in bytes.
  ///   - continues: decides from the first bytes, at least 4096 or all, whether to read the rest.
  ///     If not, only what was read is returned.
  public static func read(
    _ name: String, limit: Int, while continues: (ArraySlice<UInt8>) -> Bool = { _ in true }
  ) throws(FileProblem) -> [UInt8] {
    let path = FilePath(name)
    let file = try open(name, path)
    var bytes: [UInt8] = []
    do throws(Errno) {
      let size = Int(try file.facts().size)
      guard size <= limit else { throw .fileTooLarge }
      bytes.reserveCapacity(size + partSize)
      var hasLooked = false
      while try file.append(atMost: partSize, to: &bytes) {
        guard bytes.count <= limit else { throw .fileTooLarge }
        guard !hasLooked, bytes.count >= startSize else { continue }
        hasLooked = true
        guard continues(bytes[..<startSize]) else { break }
      }
      return bytes
    } catch .fileTooLarge {
      throw .tooLarge(path, limit: limit)
    } catch {
      throw .cannotRead(path, error)
    }
  }

  private static let partSize = 64 * 1024
  private static let startSize = 4096

  private static func open(_ name: String, _ path: FilePath) throws(FileProblem) -> OpenFile {
    guard let number = DescriptorName.number(of: name, dash: 0) else {
      return try openRegular(path)
    }
    let file = try opening(path) { () throws(Errno) in try OpenFile(duplicating: number) }
    let type = try opening(path) { () throws(Errno) in try file.facts().type }
    guard type == .regular || type == .fifo || type == .socket else {
      throw .notRegular(path, type)
    }
    return file
  }

  /// The maximum number of links to follow, as in path_resolution(7).
  private static let maximumLinks = 40

  private static func openRegular(_ path: FilePath) throws(FileProblem) -> OpenFile {
    let asRoot = geteuid() == 0
    var target = path
    for _ in 0..<maximumLinks {
      let found = try opening(target) { () throws(Errno) in
        try OpenFile(target, flags: OpenFile.pathOnly | (asRoot ? O_NOFOLLOW : 0))
      }
      let facts = try opening(target) { () throws(Errno) in try found.facts() }
      if facts.type == .regular {
        return try opening(target) { () throws(Errno) in
          try OpenFile.reading(found, at: target)
        }
      }
      guard facts.type == .symbolicLink else { throw .notRegular(target, facts.type) }
      let owner = facts.userID.rawValue
      guard owner == 0 else { throw .linkOfOtherUser(target, owner: owner) }
      // Read the checked descriptor, because the name may refer to another file by now.
      let next = try opening(target) { () throws(Errno) in try found.linkTarget() }
      target = target.removingLastComponent().pushing(next)
    }
    throw .cannotOpen(path, .tooManySymbolicLinkLevels)
  }

  private static func opening<Value: ~Copyable>(
    _ path: FilePath, _ body: () throws(Errno) -> Value
  ) throws(FileProblem) -> Value {
    do { return try body() } catch { throw .cannotOpen(path, error) }
  }
}
