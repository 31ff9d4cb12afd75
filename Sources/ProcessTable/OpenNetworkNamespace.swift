internal import CLinuxProcess
internal import Glibc
public import SystemPackage
internal import Threads

/// An open network namespace, which cannot disappear or be replaced meanwhile.
public final class OpenNetworkNamespace: Sendable {
  /// The inode number, as in `/proc/PID/ns/net`.
  public let inode: UInt64

  private let descriptor: Int32

  /// Opens the namespace at `path`: a link in `/proc/PID/ns`, or a file on which a namespace is
  /// mounted, as `ip netns` does.
  ///
  /// Any other file is only opened as a path (`O_PATH`), so a FIFO does not block and a device does
  /// nothing.
  ///
  /// - Throws: `invalidArgument` if the file is not a network namespace.
  public init(_ path: FilePath) throws(Errno) {
    let named = unsafe path.withPlatformString { unsafe open($0, Self.pathOnly | O_CLOEXEC) }
    guard named >= 0 else { throw Errno(rawValue: errno) }
    defer { close(named) }
    var (status, fileSystem) = (stat(), statfs())
    guard unsafe fstat(named, &status) == 0, unsafe fstatfs(named, &fileSystem) == 0,
      fileSystem.f_type == NSFS_MAGIC
    else { throw .invalidArgument }
    descriptor = unsafe open("/proc/self/fd/\(named)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    let type = namespace_type(descriptor)
    guard type == network_namespace_type || type < 0 && errno == ENOTTY else {
      close(descriptor)
      throw .invalidArgument
    }
    inode = UInt64(status.st_ino)
  }

  /// `O_PATH` from the kernel's asm-generic/fcntl.h, which Swift does not import.
  private static let pathOnly: CInt = 0o10_000_000

  deinit { close(descriptor) }

  /// Runs `work` inside the namespace, and returns its result.
  ///
  /// setns(2) moves a thread permanently, so `work` runs on a thread of its own. A netlink socket
  /// that is opened there sees that namespace from any thread.
  ///
  /// - Throws: `notPermitted` without CAP_SYS_ADMIN.
  public func run<Value>(_ work: @escaping () -> Value) throws(Errno) -> Value {
    let result = ParallelWork.runOnOwnThread { [descriptor] () -> Result<Value, Errno> in
      guard enter_network_namespace(descriptor) == 0 else {
        return .failure(Errno(rawValue: errno))
      }
      return .success(work())
    }
    return try (result ?? .failure(.resourceTemporarilyUnavailable)).get()
  }
}
