import Synchronization

/// The name of a congestion control algorithm: at most 15 bytes (`TCP_CA_NAME_MAX`).
///
/// A kernel has few algorithms, and a machine can have a million connections. Each name is therefore
/// stored once per process, and a value takes one byte.
public struct CongestionName: Hashable, Sendable {
  /// The index of the name in the order of first use, from 1.
  let number: UInt8

  private static let known = Mutex<[UInt128]>([])

  /// Creates the name whose bytes are those of `octets`, lowest first, up to a zero byte.
  ///
  /// Nil when it is empty, or after 255 other names, more than any kernel has.
  public init?(octets: UInt128) {
    guard octets & 0xff != 0 else { return nil }
    let index = Self.known.withLock { known -> Int? in
      if let index = known.firstIndex(of: octets) { return index }
      guard known.count < Int(UInt8.max) else { return nil }
      known.append(octets)
      return known.count - 1
    }
    guard let index else { return nil }
    number = UInt8(index + 1)
  }

  /// Creates the name with a number that is in use; nil for 0.
  init?(number: UInt8) {
    guard number > 0 else { return nil }
    self.number = number
  }
}

extension CongestionName: CustomStringConvertible {
  /// The name as text.
  public var description: String {
    var rest = Self.known.withLock { $0[Int(number) - 1] }
    var bytes: [UInt8] = []
    while rest != 0 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
