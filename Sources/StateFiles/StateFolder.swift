internal import Glibc
public import SystemPackage

/// The folder in which connreap keeps what it remembers between runs, open and checked.
///
/// It is a real folder, of the user that runs, and nobody else can write in it.
public struct StateFolder: ~Copyable {
  /// Where it is.
  public let path: FilePath

  let file: OpenFile

  /// Where the folder is: `option` (`--state-dir`), else `/var/lib/connreap` for root, else
  /// `connreap` in `XDG_STATE_HOME` or, without that, in `~/.local/state`.
  ///
  /// A relative `XDG_STATE_HOME` is ignored, as the XDG Base Directory Specification says.
  public static func location(
    option: FilePath?, isRoot: Bool, environment: [String: String]
  ) throws(StateFolderProblem) -> FilePath {
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

  /// Opens the folder at `path`, made with its parents when it is not there (mode 0700).
  ///
  /// - Throws: ``StateFolderProblem``: above all when somebody else could change what is in it.
  public init(openingOrMaking path: FilePath) throws(StateFolderProblem) {
    try Self.make(path)
    try self.init(opening: path)
  }

  /// Opens the folder at `path`, which is there.
  ///
  /// - Throws: ``StateFolderProblem``, `cannotOpen` with `ENOENT` when it is not there.
  public init(opening path: FilePath) throws(StateFolderProblem) {
    let file = try Self.open(path)
    let facts: AccessFacts
    do { facts = try AccessFacts(of: file) } catch { throw .cannotOpen(path, error) }
    switch facts.type {
    case .directory: break
    case .symbolicLink: throw .symbolicLink(path)
    default: throw .notAFolder(path)
    }
    guard facts.owner == geteuid() else {
      throw .notOurs(path, owner: facts.owner, user: geteuid())
    }
    guard !facts.isWritableByOthers else {
      throw .writableByOthers(path, facts.permissions)
    }
    self.path = path
    self.file = file
  }

  private static func open(_ path: FilePath) throws(StateFolderProblem) -> OpenFile {
    do {
      // O_PATH opens a symbolic link too, so that it can be told from what else is no folder.
      return try OpenFile(path, flags: OpenFile.pathOnly | O_NOFOLLOW)
    } catch {
      throw .cannotOpen(path, error)
    }
  }

  private static func make(_ path: FilePath) throws(StateFolderProblem) {
    var code = makeOne(path)
    let parent = path.removingLastComponent()
    if code == ENOENT, !parent.isEmpty, parent != path {
      try make(parent)
      code = makeOne(path)
    }
    guard code == 0 || code == EEXIST else { throw .cannotMake(path, Errno(rawValue: code)) }
  }

  private static func makeOne(_ path: FilePath) -> CInt {
    unsafe path.withPlatformString { text in unsafe mkdir(text, 0o700) == 0 ? 0 : errno }
  }
}
