internal import Glibc
public import SystemPackage

/// The lock that lets only one run at a time use a state directory.
///
/// It locks the open file (flock(2)). The kernel releases it when the process ends, for any reason.
/// Programs that the run starts do not inherit it. The file itself stays.
public struct RunLock: ~Copyable {
  /// The file name in the state directory.
  public static let fileName = "connreap.lock"

  private let file: OpenFile

  /// Takes the lock of `directory`, and holds it as long as this value lives.
  ///
  /// - Throws: ``RunLockProblem/heldByAnotherRun(_:)`` immediately if another run holds it.
  public init(in directory: borrowing StateDirectory) throws(RunLockProblem) {
    let path = directory.path.appending(Self.fileName)
    let file = try Self.open(in: directory, shown: path)
    let isTaken: Bool
    do throws(Errno) {
      guard try AccessFacts(of: file).type == .regular else { throw .invalidArgument }
      isTaken = try !file.lockIfFree()
    } catch {
      throw .cannotLock(path, error)
    }
    guard !isTaken else { throw .heldByAnotherRun(path) }
    self.file = file
  }

  private static func open(
    in directory: borrowing StateDirectory, shown path: FilePath
  ) throws(RunLockProblem) -> OpenFile {
    do {
      return try OpenFile(
        FilePath(fileName), from: directory.file.descriptor,
        flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
    } catch .tooManySymbolicLinkLevels {
      throw .symbolicLink(path)
    } catch {
      throw .cannotOpen(path, error)
    }
  }
}

/// Why a run could not take the lock.
public enum RunLockProblem: Error, Equatable, Sendable {
  /// Another run holds it.
  case heldByAnotherRun(FilePath)
  /// It is a symbolic link, which connreap did not create.
  case symbolicLink(FilePath)
  /// The file could not be opened or created.
  case cannotOpen(FilePath, Errno)
  /// The file system refused to lock it, or it is not a regular file (EINVAL).
  case cannotLock(FilePath, Errno)
}

extension RunLockProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .heldByAnotherRun(let path): "another run holds the lock \(path)"
    case .symbolicLink(let path):
      "the lock file \(path) is a symbolic link, which connreap did not create: remove it"
    case .cannotOpen(let path, let errno): "cannot open the lock file \(path): \(errno)"
    case .cannotLock(let path, let errno): "cannot lock \(path): \(errno)"
    }
  }
}
