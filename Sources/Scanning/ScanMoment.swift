/// The machine, boot and time of a scan, to check whether a plan still applies.
///
/// A fact that could not be read is nil.
public struct ScanMoment: Equatable, Sendable {
  /// The boot ID (`/proc/sys/kernel/random/boot_id`). Cookies are valid only within one boot.
  public var bootID: String?
  /// The inode number of the network namespace.
  public var networkNamespace: UInt64?
  /// The uptime of the machine, in milliseconds.
  public var uptime: UInt64?
  /// The kernel release, as printed by `uname -r`.
  public var kernelRelease: String?
  /// The time on the clock in UTC (RFC 3339).
  public var time: String?
  /// The name of the machine, as printed by `uname -n`.
  public var host: String?

  /// A moment with these facts.
  public init(
    bootID: String?, networkNamespace: UInt64?, uptime: UInt64?, kernelRelease: String?,
    time: String? = nil, host: String? = nil
  ) {
    self.bootID = bootID
    self.networkNamespace = networkNamespace
    self.uptime = uptime
    self.kernelRelease = kernelRelease
    self.time = time
    self.host = host
  }
}

extension ScanMoment {
  /// A moment without any facts.
  public static let unknown = ScanMoment(
    bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil)

  /// Whether the kernel lists sockets that are only bound to a port (Linux 6.8); nil if unknown.
  ///
  /// Distributions may have backported this to older kernels.
  public var listsBoundSockets: Bool? {
    guard let kernelRelease else { return nil }
    let numbers = kernelRelease.split(separator: ".", maxSplits: 2).prefix(2)
      .map { Int($0.prefix { $0.isASCII && $0.isNumber }) }
    guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    return (major, minor) >= (6, 8)
  }
}
