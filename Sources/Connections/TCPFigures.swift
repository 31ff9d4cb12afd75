/// The values of the kernel's `struct tcp_info` that connreap uses.
///
/// The structure grows with kernel versions; a missing value is nil. Times are in milliseconds before
/// the dump and have been checked against the uptime.
public struct TCPFigures: Equatable, Sendable {
  private var words: [6 of UInt32] = .init(repeating: 0)
  private var rawBytesAcked: UInt64 = 0
  private var rawBytesReceived: UInt64 = 0
  private var rawTotalRetransmits: UInt32 = 0
  private var known: UInt16 = 0
  private var congestionNumber: UInt8 = 0

  /// Creates figures that are all unknown.
  public init() {}

  /// Whether all figures are unknown.
  public var isEmpty: Bool { known == 0 && congestionNumber == 0 }

  /// The congestion control algorithm (`INET_DIAG_CONG`); nil when unknown.
  public var congestion: CongestionName? {
    get { CongestionName(number: congestionNumber) }
    set { congestionNumber = newValue?.number ?? 0 }
  }

  /// Time since the last data segment was sent (`tcpi_last_data_sent`), including retransmissions.
  public var lastSent: UInt32? {
    get { word(0) }
    set { setWord(0, newValue) }
  }

  /// Time since the last data segment was received (`tcpi_last_data_recv`), excluding a FIN.
  public var lastReceived: UInt32? {
    get { word(1) }
    set { setWord(1, newValue) }
  }

  /// Time since the last acknowledgement was received (`tcpi_last_ack_recv`).
  public var lastAcknowledged: UInt32? {
    get { word(2) }
    set { setWord(2, newValue) }
  }

  /// The smoothed round-trip time, in microseconds (`tcpi_rtt`).
  public var roundTripMicroseconds: UInt32? {
    get { word(3) }
    set { setWord(3, newValue) }
  }

  /// The congestion window, in segments (`tcpi_snd_cwnd`).
  public var congestionWindow: UInt32? {
    get { word(4) }
    set { setWord(4, newValue) }
  }

  /// Segments sent and not yet acknowledged (`tcpi_unacked`).
  public var unacknowledged: UInt32? {
    get { word(5) }
    set { setWord(5, newValue) }
  }

  /// Bytes that the peer has acknowledged, including SYN and FIN (`tcpi_bytes_acked`).
  public var bytesAcknowledged: UInt64? {
    get { isKnown(6) ? rawBytesAcked : nil }
    set {
      rawBytesAcked = newValue ?? 0
      setKnown(6, newValue != nil)
    }
  }

  /// Bytes received in order (`tcpi_bytes_received`).
  public var bytesReceived: UInt64? {
    get { isKnown(7) ? rawBytesReceived : nil }
    set {
      rawBytesReceived = newValue ?? 0
      setKnown(7, newValue != nil)
    }
  }

  /// Segments retransmitted during the connection (`tcpi_total_retrans`).
  public var totalRetransmits: UInt32? {
    get { isKnown(8) ? rawTotalRetransmits : nil }
    set {
      rawTotalRetransmits = newValue ?? 0
      setKnown(8, newValue != nil)
    }
  }

  private func isKnown(_ bit: UInt16) -> Bool { known & 1 << bit != 0 }

  private mutating func setKnown(_ bit: UInt16, _ value: Bool) {
    known = value ? known | 1 << bit : known & ~(1 << bit)
  }

  private func word(_ index: Int) -> UInt32? {
    isKnown(UInt16(index)) ? words[index] : nil
  }

  private mutating func setWord(_ index: Int, _ value: UInt32?) {
    words[index] = value ?? 0
    setKnown(UInt16(index), value != nil)
  }

  /// Whether both have the same values.
  public static func == (lhs: TCPFigures, rhs: TCPFigures) -> Bool {
    lhs.words.indices.allSatisfy { lhs.words[$0] == rhs.words[$0] }
      && lhs.known == rhs.known && lhs.rawBytesAcked == rhs.rawBytesAcked
      && lhs.rawBytesReceived == rhs.rawBytesReceived
      && lhs.rawTotalRetransmits == rhs.rawTotalRetransmits
      && lhs.congestionNumber == rhs.congestionNumber
  }
}
