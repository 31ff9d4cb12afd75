/// The command line of a process: its arguments, as the process was started or as it rewrote them.
///
/// A program can change it at any time (`setproctitle`), and it may contain secrets.
public struct ProcessCommand: Hashable, Sendable {
  /// The arguments, each followed by NUL, as in `/proc/PID/cmdline`.
  private let content: KernelName
  /// Whether the kernel has more than ``maximumLength`` bytes of it.
  public let isTruncated: Bool

  /// The number of bytes that are kept. Any user can start many processes with long command lines.
  public static let maximumLength = 32 << 10

  /// The command line in the bytes of `cmdline`; nil if there is none, as for a kernel thread.
  ///
  /// - Parameter cmdline: may be cut off after more than ``maximumLength`` bytes.
  public init?(cmdline: some BidirectionalCollection<UInt8>) {
    guard !cmdline.isEmpty else { return nil }
    isTruncated = cmdline.count > Self.maximumLength
    content = KernelName(bytes: Array(cmdline.prefix(Self.maximumLength)))
  }

  /// The arguments. The last one is incomplete if the command line is truncated.
  public var arguments: [[UInt8]] {
    var parts = content.bytes.split(separator: 0, omittingEmptySubsequences: false).map {
      Array($0)
    }
    // The last argument ends with NUL as well, unless the program wrote a title over them.
    if parts.last?.isEmpty == true { parts.removeLast() }
    return parts
  }

  /// The arguments joined by spaces, as `--command` matches them.
  public var text: KernelName {
    var bytes = content.bytes
    while bytes.last == 0 || bytes.last == 0x20 { bytes.removeLast() }
    for index in bytes.indices where bytes[index] == 0 { bytes[index] = 0x20 }
    return KernelName(bytes: bytes)
  }
}
