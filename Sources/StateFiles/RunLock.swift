internal import Glibc
public import SystemPackage

/// The lock that lets one run at a time act with the state of a folder.
///
/// It is a lock of the open file (flock(2)): the kernel gives it up when the process ends, however
/// that happens, and programs that the run starts do not inherit it. The file itself stays.
public struct RunLock: ~Copyable {
  /// The name of the file in the folder.
  public static let fileName = "connreap.lock"

  private let file: OpenFile

  /// Takes the lock of `folder`, which lasts as long as this value does.
  ///
  /// - Throws: ``RunLockProblem/heldElsewhere(_:)`` at once when another run has it.
  public init(in folder: borrowing StateFolder) throws(RunLockProblem) {
    let path = folder.path.appending(Self.fileName)
    let file = try Self.open(in: folder, shown: path)
    let isTaken: Bool
    do throws(Errno) {
      guard try AccessFacts(of: file).type == .regular else { throw .invalidArgument }
      isTaken = try !file.lockIfFree()
    } catch {
      throw .cannotLock(path, error)
    }
    guard !isTaken else { throw .heldElsewhere(path) }
    self.file = file
  }

  private static func open(
    in folder: borrowing StateFolder, shown path: FilePath
  ) throws(RunLockProblem) -> OpenFile {
    do {
      return try OpenFile(
        FilePath(fileName), from: folder.file.descriptor,
        flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
    } catch .tooManySymbolicLinkLevels {
      throw .symbolicLink(path)
    } catch {
      throw .cannotOpen(path, error)
    }
  }
}

/// Why a run does not have the lock.
public enum RunLockProblem: Error, Equatable, Sendable {
  /// Another run has it.
  case heldElsewhere(FilePath)
  /// It is a symbolic link, which connreap did not make.
  case symbolicLink(FilePath)
  /// The file could not be opened or made.
  case cannotOpen(FilePath, Errno)
  /// The file system refused to lock it, or it is no regular file (EINVAL).
  case cannotLock(FilePath, Errno)
}

extension RunLockProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .heldElsewhere(let path): "another run holds the lock \(path)"
    case .symbolicLink(let path):
      "the lock \(path) is a symbolic link, which connreap did not make: take it away"
    case .cannotOpen(let path, let errno): "cannot open the lock \(path): \(errno)"
    case .cannotLock(let path, let errno): "cannot lock \(path): \(errno)"
    }
  }
}
