/// Where and when a scan was made: what a plan must be compared with before it is applied.
///
/// A fact that could not be read is nil.
public struct ScanMoment: Equatable, Sendable {
  /// `/proc/sys/kernel/random/boot_id`: cookies mean nothing under another one.
  public var bootID: String?
  /// The inode number of the network namespace.
  public var networkNamespace: UInt64?
  /// How long the machine has been up, in milliseconds.
  public var uptime: UInt64?
  /// The kernel's release, as `uname -r` prints it.
  public var kernelRelease: String?

  /// A moment of which these facts are known.
  public init(
    bootID: String?, networkNamespace: UInt64?, uptime: UInt64?, kernelRelease: String?
  ) {
    self.bootID = bootID
    self.networkNamespace = networkNamespace
    self.uptime = uptime
    self.kernelRelease = kernelRelease
  }
}

extension ScanMoment {
  /// Whether the kernel lists sockets that are only bound to a port, as Linux does since 6.8; nil if
  /// its release is unknown. A distribution's older kernel may list them too.
  public var listsBoundSockets: Bool? {
    guard let kernelRelease else { return nil }
    let numbers = kernelRelease.split(separator: ".", maxSplits: 2).prefix(2)
      .map { Int($0.prefix { $0.isASCII && $0.isNumber }) }
    guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    return (major, minor) >= (6, 8)
  }
}
