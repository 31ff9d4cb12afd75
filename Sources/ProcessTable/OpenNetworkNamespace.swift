internal import CLinuxProcess
internal import Glibc
public import SystemPackage

/// A network namespace that is kept open, so that it stays the same one and stays there.
public final class OpenNetworkNamespace: Sendable {
  /// The inode number by which `/proc/PID/ns/net` names it.
  public let inode: UInt64

  private let descriptor: Int32

  /// Opens the namespace that the file at `path` is: a link in `/proc/PID/ns`, or a file on which
  /// one is mounted, as by `ip netns`.
  ///
  /// Whatever else is there is not opened, only named: a FIFO does not block, a device does nothing.
  ///
  /// - Throws: `invalidArgument` when it is a file without a network namespace.
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

  /// `O_PATH` of the kernel's asm-generic/fcntl.h, which Swift does not import.
  private static let pathOnly: CInt = 0o10_000_000

  deinit { close(descriptor) }

  /// Runs `work` inside the namespace, and returns what it made there.
  ///
  /// setns(2) moves a thread for good, so `work` gets one of its own that ends with it. A netlink
  /// socket that is opened there sees that namespace from any thread.
  ///
  /// - Throws: `notPermitted` without CAP_SYS_ADMIN.
  public func run<Value>(_ work: @escaping () -> Value) throws(Errno) -> Value {
    let errand = Errand(descriptor, work)
    let box = unsafe Unmanaged.passRetained(errand)
    var thread = pthread_t()
    let refusal = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<AnyErrand>.fromOpaque(argument).takeRetainedValue().run()
        }
        return nil
      }, box.toOpaque())
    guard refusal == 0 else {
      unsafe box.release()
      throw Errno(rawValue: refusal)
    }
    pthread_join(thread, nil)
    return try (errand.result ?? .failure(.ioError)).get()
  }
}

/// What a thread is to do, as pthread_create(3) can pass it: without a type of a result.
private class AnyErrand {
  func run() {}
}

/// Something to be done in a namespace. The thread that does it has it to itself until it ends,
/// and pthread_join(3) comes before anybody looks at the result.
private final class Errand<Value>: AnyErrand {
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
