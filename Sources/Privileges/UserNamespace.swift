internal import Glibc
public import SystemPackage

/// The user namespace of this process.
public enum UserNamespace {
  /// The inode number of the machine's first user namespace (`PROC_USER_INIT_INO`).
  public static let initialInode: UInt64 = 4_026_531_837

  /// Whether our user namespace is the machine's first.
  ///
  /// In a later one, full capabilities do not suffice to close the sockets of a network namespace
  /// that an earlier one owns.
  ///
  /// - Parameter procRoot: where the proc file system is mounted, usually `/proc`.
  public static func isInitial(procRoot: FilePath) throws(PrivilegeProblem) -> Bool {
    let path = procRoot.appending("self/ns/user")
    let target = try readLink(path)
    let prefix = "user:[", suffix = "]"
    guard target.hasPrefix(prefix), target.hasSuffix(suffix),
      let inode = UInt64(target.dropFirst(prefix.count).dropLast(suffix.count))
    else { throw .userNamespaceUnintelligible(path: path) }
    return inode == initialInode
  }

  /// Whether the network namespace of the calling thread belongs to our user namespace or to one
  /// below it, so that our capabilities count there (ioctl_ns(2), `NS_GET_USERNS`).
  ///
  /// - Returns: nil when that cannot be found out, as before Linux 4.9.
  public static func ownsNetworkNamespace(procRoot: FilePath) -> Bool? {
    let path = procRoot.appending("thread-self/ns/net")
    let file = unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard file >= 0 else { return nil }
    defer { close(file) }
    let owner = ioctl(file, getOwner)
    guard owner >= 0 else {
      // EPERM: the owner is outside of what we can see, which is our user namespace and below.
      return errno == EPERM ? false : nil
    }
    close(owner)
    return true
  }

  /// `NS_GET_USERNS` of linux/nsfs.h.
  private static let getOwner: UInt = 0xb701

  private static func readLink(_ path: FilePath) throws(PrivilegeProblem) -> String {
    // The kernel's text has at most 17 octets.
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
