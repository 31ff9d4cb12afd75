internal import CLinuxProcess
internal import Glibc
public import SystemPackage

/// A network namespace that is kept open, so that it stays the same one and stays there.
public final class OpenNetworkNamespace: Sendable {
  /// The inode number by which `/proc/PID/ns/net` names it.
  public let inode: UInt64

  private let descriptor: Int32

  /// Opens the namespace that the file at `path` is: a link in `/proc/PID/ns`, or a file that
  /// `ip netns` has mounted one on.
  ///
  /// - Throws: `invalidArgument` when it is a file without a namespace.
  public init(_ path: FilePath) throws(Errno) {
    descriptor = unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    var (status, fileSystem) = (stat(), statfs())
    guard unsafe fstat(descriptor, &status) == 0, unsafe fstatfs(descriptor, &fileSystem) == 0,
      fileSystem.f_type == NSFS_MAGIC
    else {
      close(descriptor)
      throw .invalidArgument
    }
    inode = UInt64(status.st_ino)
  }

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
