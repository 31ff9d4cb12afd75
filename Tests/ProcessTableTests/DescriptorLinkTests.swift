import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

@Suite struct DescriptorLinkTests {
  private func link(_ target: String) -> DescriptorLink {
    DescriptorLink(target: Array(target.utf8).span)
  }

  @Test(arguments: [1, 9, 10, 1234, 4_294_967_295] as [UInt32])
  func socketInodesAreParsed(_ inode: UInt32) {
    #expect(link("socket:[\(inode)]") == .socket(inode))
  }

  @Test(arguments: [
    "", "s", "socket:", "socket:[", "socket:[]", "socket:[12", "socket:12]", "socket:[12]x",
    "socket:[1 2]", "socket:[-1]", "socket:[+1]", "socket:[0x1]", "socket:[0]", "socket:[01]",
    "Socket:[1]", "sockets:[1]", "xsocket:[1]", "pipe:[1]", "/dev/null", "anon_inode:[eventpoll]",
    "socket:[1]/..", "socket:[4294967296]", "socket:[18446744073709551617]",
    "socket:[99999999999999999999999]", "socket:[1]socket:[1]",
  ])
  func otherTargetsAreNoSockets(_ target: String) {
    #expect(link(target) == .other)
  }

  @Test func truncatedTargetsAreNoSockets() {
    let target = "socket:[" + String(repeating: "1", count: 23) + "]"
    #expect(target.utf8.count == DescriptorLink.targetCapacity)
    #expect(link(target) == .other)
  }

  @Test func randomBytesNeverTrap() {
    var numbers = Seeded(2)
    let alphabet = Array("socket:[]0123456789\u{0}\u{ff}".utf8)
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...32, using: &numbers)
      var bytes = (0..<length).map { _ in alphabet.randomElement(using: &numbers) ?? 0 }
      if Bool.random(using: &numbers) { bytes = Array("socket:[".utf8) + bytes }
      let bounded = Array(bytes.prefix(32))
      if case .socket(let inode) = DescriptorLink(target: bounded.span) {
        #expect(bounded == Array("socket:[\(inode)]".utf8))
      }
    }
  }

  @Test(arguments: [Errno.noSuchFileOrDirectory, .noSuchProcess])
  func missingDescriptorsAreGone(_ error: Errno) {
    #expect(DescriptorLink(failure: error) == .gone)
  }

  @Test func overlongPathsAreNoSockets() {
    #expect(DescriptorLink(failure: .fileNameTooLong) == .other)
  }

  @Test(arguments: [Errno.permissionDenied, .notPermitted, .noMemory, .invalidArgument])
  func otherFailuresAreUnreadable(_ error: Errno) {
    #expect(DescriptorLink(failure: error) == .unreadable(error))
  }

  @Test(
    arguments: [
      ("0", 0), ("7", 7), ("2147483647", 2_147_483_647), ("12\u{0}34", 12),
    ] as [(String, Int32)])
  func numericNamesAreParsed(_ name: String, _ number: Int32) {
    #expect(Array(name.utf8).span.decimalName == number)
  }

  @Test(arguments: [
    "", ".", "..", "self", "1a", "a1", "-1", "+1", "01", "00", "2147483648", "99999999999", "\u{0}",
    " 1", "1 ",
  ])
  func otherNamesAreRejected(_ name: String) {
    #expect(Array(name.utf8).span.decimalName == nil)
  }
}
