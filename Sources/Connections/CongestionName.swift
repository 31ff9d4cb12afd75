import Synchronization

/// The name of a congestion control algorithm: at most 15 octets (`TCP_CA_NAME_MAX`).
///
/// A kernel has a handful of them, and a machine a million connections. So the process keeps each
/// name once, and the value is one octet.
public struct CongestionName: Hashable, Sendable {
  /// The place among the names that the process has met, from 1.
  let number: UInt8

  private static let met = Mutex<[UInt128]>([])

  /// The name whose first octet is the lowest of `octets`, ended by a zero octet.
  ///
  /// Nil when it is empty, and when 255 others have been met before it, which no kernel has.
  public init?(octets: UInt128) {
    guard octets & 0xff != 0 else { return nil }
    let place = Self.met.withLock { met -> Int? in
      if let place = met.firstIndex(of: octets) { return place }
      guard met.count < Int(UInt8.max) else { return nil }
      met.append(octets)
      return met.count - 1
    }
    guard let place else { return nil }
    number = UInt8(place + 1)
  }

  /// The name with a number that another has; nil for 0.
  init?(number: UInt8) {
    guard number > 0 else { return nil }
    self.number = number
  }
}

extension CongestionName: CustomStringConvertible {
  /// The name as text.
  public var description: String {
    var rest = Self.met.withLock { $0[Int(number) - 1] }
    var bytes: [UInt8] = []
    while rest != 0 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
