internal import CLinuxProcess
internal import Glibc
public import SystemPackage

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
    let task = NamespaceTask(descriptor, work)
    let box = unsafe Unmanaged.passRetained(task)
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<AnyTask>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, box.toOpaque())
    guard failure == 0 else {
      unsafe box.release()
      throw Errno(rawValue: failure)
    }
    pthread_join(thread, nil)
    return try (task.result ?? .failure(.ioError)).get()
  }
}

/// The work of a thread without its result type, so that pthread_create(3) can take it.
private class AnyTask {
  func run() {}
}

/// Work to run in a namespace. Only its thread uses it until the thread ends. The caller reads the
/// result after pthread_join(3).
private final class NamespaceTask<Value>: AnyTask {
  private let namespace: Int32
  private let work: () -> Value
  private(set) var result: Result<Value, Errno>?

  init(_ namespace: Int32, _ work: @escaping () -> Value) {
    self.namespace = namespace
    self.work = work
  }

  override func run() {
    guard enter_network_namespace(namespace) == 0 else {
      result = .failure(Errno(rawValue: errno))
      return
    }
    result = .success(work())
  }
}
