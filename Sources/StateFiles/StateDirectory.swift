internal import Glibc
public import SystemPackage

/// The directory where connreap keeps data between runs, open and checked.
///
/// It is a real directory that belongs to this user, and nobody else can write in it.
public struct StateDirectory: ~Copyable {
  /// The path of the directory.
  public let path: FilePath

  let file: OpenFile

  /// The path of the state directory: `option` (`--state-dir`), else `/var/lib/connreap` for root,
  /// else `connreap` in `XDG_STATE_HOME` or in `~/.local/state`.
  ///
  /// A relative `XDG_STATE_HOME` is ignored, as the XDG Base Directory Specification requires.
  public static func location(
    option: FilePath?, isRoot: Bool, environment: [String: String]
  ) throws(StateDirectoryProblem) -> FilePath {
    if let option {
      guard !option.isEmpty else { throw .unnamed }
      return option
    }
    if isRoot { return "/var/lib/connreap" }
    if let state = environment["XDG_STATE_HOME"], FilePath(state).isAbsolute {
      return FilePath(state).appending("connreap")
    }
    guard let home = environment["HOME"], FilePath(home).isAbsolute else { throw .unnamed }
    return FilePath(home).appending(".local/state/connreap")
  }

  /// Opens the directory at `path`, and creates it and its parents if missing (mode 0700).
  ///
  /// - Throws: ``StateDirectoryProblem``, mainly if someone else could change its contents.
  public init(openingOrCreating path: FilePath) throws(StateDirectoryProblem) {
    try Self.create(path)
    try self.init(opening: path)
  }

  /// Opens the existing directory at `path`.
  ///
  /// - Throws: ``StateDirectoryProblem``; `cannotOpen` with `ENOENT` if it does not exist.
  public init(opening path: FilePath) throws(StateDirectoryProblem) {
    let file = try Self.open(path)
    let facts: AccessFacts
    do { facts = try AccessFacts(of: file) } catch { throw .cannotOpen(path, error) }
    switch facts.type {
    case .directory: break
    case .symbolicLink: throw .symbolicLink(path)
    default: throw .notADirectory(path)
    }
    guard facts.owner == geteuid() else {
      throw .wrongOwner(path, owner: facts.owner, user: geteuid())
    }
    guard !facts.isWritableByOthers else {
      throw .writableByOthers(path, facts.permissions)
    }
    self.path = path
    self.file = file
  }

  private static func open(_ path: FilePath) throws(StateDirectoryProblem) -> OpenFile {
    do {
      // O_PATH also opens a symbolic link, so that it gets its own error.
      return try OpenFile(path, flags: OpenFile.pathOnly | O_NOFOLLOW)
    } catch {
      throw .cannotOpen(path, error)
    }
  }

  private static func create(_ path: FilePath) throws(StateDirectoryProblem) {
    var code = createOne(path)
    let parent = path.removingLastComponent()
    if code == ENOENT, !parent.isEmpty, parent != path {
      try create(parent)
      code = createOne(path)
    }
    guard code == 0 || code == EEXIST else { throw .cannotCreate(path, Errno(rawValue: code)) }
  }

  private static func createOne(_ path: FilePath) -> CInt {
    unsafe path.withPlatformString { text in unsafe mkdir(text, 0o700) == 0 ? 0 : errno }
  }
}
