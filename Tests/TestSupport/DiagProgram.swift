import Netlink

/// The kernel's rules for filter programs, from `net/ipv4/inet_diag.c`: the audit of a request, and
/// the evaluation for each socket.
package struct DiagProgram {
  private let bytes: [UInt8]

  /// The values of a socket that the kernel compares.
  package struct Entry {
    package var family: UInt8
    package var localPort: UInt16
    package var peerPort: UInt16
    /// 4 or 16 bytes.
    package var local: [UInt8]
    package var peer: [UInt8]
    package var interface: UInt32 = 0
    package var mark: UInt32 = 0
    package var isAutobound = false

    package init(
      family: UInt8, localPort: UInt16, peerPort: UInt16, local: [UInt8], peer: [UInt8]
    ) {
      self.family = family
      self.localPort = localPort
      self.peerPort = peerPort
      self.local = local
      self.peer = peer
    }
  }

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  private func u16(_ offset: Int) -> Int { Int(bytes.span.uint16(at: offset)) }
  private func u32(_ offset: Int) -> UInt32 { bytes.span.uint32(at: offset) }

  /// The errno with which the kernel refuses the program; nil when it accepts it.
  ///
  /// - Parameters:
  ///   - newestCode: the last instruction that the kernel knows; 12 with equal ports.
  ///   - mayCompareMarks: whether the caller has CAP_NET_ADMIN.
  package func refusal(newestCode: UInt8 = 12, mayCompareMarks: Bool = true) -> Int32? {
    let invalid: Int32 = 22
    guard bytes.count >= 4 else { return invalid }
    let starts = walk()
    var offset = 0
    while offset < bytes.count {
      let left = bytes.count - offset
      guard left >= 4, bytes[offset] <= newestCode, let minimum = minimumLength(at: offset) else {
        return invalid
      }
      if bytes[offset] == 10, !mayCompareMarks { return 1 }
      let (yes, no) = (Int(bytes[offset + 1]), u16(offset + 2))
      if bytes[offset] != 0 {
        guard no >= minimum, no <= left + 4, no % 4 == 0 else { return invalid }
        if no < left, !starts.contains(offset + no) { return invalid }
      }
      guard yes >= minimum, yes <= left + 4, yes % 4 == 0 else { return invalid }
      offset += yes
    }
    return offset == bytes.count ? nil : invalid
  }

  /// The positions of the instructions, which are the only valid jump targets.
  private func walk() -> Set<Int> {
    var starts: Set<Int> = []
    var offset = 0
    while offset + 1 < bytes.count, bytes[offset + 1] >= 4 {
      starts.insert(offset)
      offset += Int(bytes[offset + 1])
    }
    return starts
  }

  private func minimumLength(at offset: Int) -> Int? {
    let left = bytes.count - offset
    let length: Int
    switch bytes[offset] {
    case 0, 1, 6: length = 4
    case 2...5, 9, 11, 12: length = 8
    case 10: length = 12
    case 7, 8:
      guard left >= 12 else { return nil }
      let octets: Int? = [0: 0, 2: 4, 10: 16][bytes[offset + 4]]
      guard let octets, Int(bytes[offset + 5]) <= 8 * octets else { return nil }
      length = 12 + octets
    default: return nil
    }
    return length <= left ? length : nil
  }

  /// The number of instructions.
  package var instructionCount: Int { walk().count }

  /// Whether the kernel lists a socket. The program must be valid.
  package func accepts(_ entry: Entry) -> Bool {
    var offset = 0
    while offset < bytes.count {
      offset += isTrue(at: offset, entry) ? Int(bytes[offset + 1]) : u16(offset + 2)
    }
    return offset == bytes.count
  }

  private func isTrue(at offset: Int, _ entry: Entry) -> Bool {
    let port = offset + 8 <= bytes.count ? UInt16(u16(offset + 6)) : 0
    switch bytes[offset] {
    case 0: return true
    case 2: return entry.localPort >= port
    case 3: return entry.localPort <= port
    case 4: return entry.peerPort >= port
    case 5: return entry.peerPort <= port
    case 6: return entry.isAutobound
    case 7: return matches(entry.local, entry.localPort, entry.family, offset + 4)
    case 8: return matches(entry.peer, entry.peerPort, entry.family, offset + 4)
    case 9: return entry.interface == u32(offset + 4)
    case 10: return entry.mark & u32(offset + 8) == u32(offset + 4)
    case 11: return entry.localPort == port
    case 12: return entry.peerPort == port
    default: return false
    }
  }

  private func matches(_ address: [UInt8], _ port: UInt16, _ family: UInt8, _ condition: Int)
    -> Bool
  {
    let wanted = u32(condition + 4)
    if wanted != .max, wanted != UInt32(port) { return false }
    let length = Int(bytes[condition + 1])
    let prefix = bytes[(condition + 8)...]
    let asked = bytes[condition]
    if asked != 0, asked != family {
      guard family == 10, asked == 2 else { return false }
      let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
      return address.starts(with: mapped) && Self.match(address[12...], prefix, length)
    }
    return length == 0 || Self.match(address[...], prefix, length)
  }

  private static func match(
    _ lhs: ArraySlice<UInt8>, _ rhs: ArraySlice<UInt8>, _ length: Int
  ) -> Bool {
    (0..<length).allSatisfy { bit in
      let mask: UInt8 = 0x80 >> UInt8(bit % 8)
      return lhs[lhs.startIndex + bit / 8] & mask == rhs[rhs.startIndex + bit / 8] & mask
    }
  }
}
