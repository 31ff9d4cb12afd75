internal import Glibc
public import SystemPackage

/// The user namespace of this process.
public enum UserNamespace {
  /// The inode number of the initial user namespace (`PROC_USER_INIT_INO`).
  public static let initialInode: UInt64 = 4_026_531_837

  /// Whether this process is in the initial user namespace.
  ///
  /// In any other, even full capabilities cannot close sockets in a network namespace that an outer
  /// user namespace owns.
  ///
  /// - Parameter procRoot: the mount point of the proc file system, usually `/proc`.
  public static func isInitial(procRoot: FilePath) throws(PrivilegeProblem) -> Bool {
    let path = procRoot.appending("self/ns/user")
    let target = try readLink(path)
    let prefix = "user:[", suffix = "]"
    guard target.hasPrefix(prefix), target.hasSuffix(suffix),
      let inode = UInt64(target.dropFirst(prefix.count).dropLast(suffix.count))
    else { throw .userNamespaceMalformed(path: path) }
    return inode == initialInode
  }

  /// Whether this user namespace or a descendant owns the thread's network namespace, so that the
  /// process's capabilities apply there (ioctl_ns(2), `NS_GET_USERNS`).
  ///
  /// - Returns: nil when unknown, as before Linux 4.9.
  public static func ownsNetworkNamespace(procRoot: FilePath) -> Bool? {
    let path = procRoot.appending("thread-self/ns/net")
    let file = unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard file >= 0 else { return nil }
    defer { close(file) }
    let owner = ioctl(file, getOwner)
    guard owner >= 0 else {
      // EPERM: the owner is outside this user namespace and its descendants.
      return errno == EPERM ? false : nil
    }
    close(owner)
    return true
  }

  /// `NS_GET_USERNS` from linux/nsfs.h.
  private static let getOwner: UInt = 0xb701

  private static func readLink(_ path: FilePath) throws(PrivilegeProblem) -> String {
    // The kernel's text has at most 17 bytes.
    let size = 64
    var bytes = [CChar](repeating: 0, count: size)
    let (count, code) = unsafe path.withPlatformString { text in
      let count = unsafe readlink(text, &bytes, size)
      return (count, errno)
    }
    guard count >= 0 else { throw .userNamespaceUnreadable(path: path, Errno(rawValue: code)) }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
