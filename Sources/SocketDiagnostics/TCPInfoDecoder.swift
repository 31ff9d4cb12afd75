import Connections
import Netlink

/// Decodes `struct tcp_info` by offset, up to the length that the kernel sent.
///
/// The structure is 232 bytes on Linux 6.1 and 280 on 6.18, and grows. Fields keep their offsets
/// (`include/uapi/linux/tcp.h`), and fields beyond the end are unknown.
struct TCPInfoDecoder {
  /// The machine's uptime in milliseconds; nil when unknown.
  let uptime: UInt64?

  private enum Offset {
    static let unacked = 24
    static let lastDataSent = 44
    static let lastDataReceived = 52
    static let lastAckReceived = 56
    static let roundTrip = 68
    static let congestionWindow = 80
    static let totalRetransmits = 100
    static let bytesAcked = 120
    static let bytesReceived = 128
  }

  func decode(_ bytes: Span<UInt8>, _ range: Range<Int>, into figures: inout TCPFigures) {
    func word(_ offset: Int) -> UInt32? {
      offset + 4 <= range.count ? bytes.uint32(at: range.lowerBound + offset) : nil
    }
    func longWord(_ offset: Int) -> UInt64? {
      offset + 8 <= range.count ? bytes.uint64(at: range.lowerBound + offset) : nil
    }
    figures.unacknowledged = word(Offset.unacked)
    figures.lastSent = word(Offset.lastDataSent).flatMap(age)
    figures.lastReceived = word(Offset.lastDataReceived).flatMap(age)
    figures.lastAcknowledged = word(Offset.lastAckReceived).flatMap(age)
    figures.roundTripMicroseconds = word(Offset.roundTrip)
    figures.congestionWindow = word(Offset.congestionWindow)
    figures.totalRetransmits = word(Offset.totalRetransmits)
    figures.bytesAcknowledged = longWord(Offset.bytesAcked)
    figures.bytesReceived = longWord(Offset.bytesReceived)
  }

  /// Interprets `milliseconds`, a difference of 32-bit jiffies.
  ///
  /// Less than a second below 2^32 is an event just after the clock was read, so 0. A time longer than
  /// the uptime is unknown.
  func age(_ milliseconds: UInt32) -> UInt32? {
    if milliseconds > .max - 1000 { return 0 }
    if let uptime, UInt64(milliseconds) > uptime { return nil }
    return milliseconds
  }
}
