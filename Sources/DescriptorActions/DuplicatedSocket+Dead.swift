internal import Glibc

extension DuplicatedSocket {
  /// Whether it was a TCP connection that no longer exists: in CLOSE after segments were exchanged;
  /// nil if the kernel does not tell.
  ///
  /// A socket that was never connected is in CLOSE too.
  public borrowing func isDeadConnection() -> Bool? {
    var info = [UInt8](repeating: 0, count: Self.segmentsEnd)
    var length = socklen_t(info.count)
    guard unsafe getsockopt(number, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0,
      Int(length) >= Self.segmentsEnd
    else { return nil }
    return info[0] == Self.closed && info[Self.segments..<Self.segmentsEnd].contains { $0 != 0 }
  }

  /// `TCP_CLOSE`.
  private static let closed: UInt8 = 7
  /// The offset of `tcpi_segs_out` and `tcpi_segs_in` in `tcp_info`, and their end (Linux 4.2).
  private static let (segments, segmentsEnd) = (136, 144)
}
