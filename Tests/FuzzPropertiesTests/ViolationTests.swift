import Connections
import Netlink
import TestSupport
import Testing

@testable import FuzzProperties

/// The properties can fail. Otherwise a fuzzer without findings would prove nothing.
@Suite struct ViolationTests {
  @Test(arguments: ["", "two\nlines", "\u{1b}[2J", "\u{202e}txt", "a\u{2028}b"])
  func messageMustBeOneHarmlessLine(text: String) {
    #expect(throws: Violation.self) { try requireOneLine(text) }
  }

  @Test func ordinaryMessageIsAccepted() {
    #expect(throws: Never.self) {
      try requireOneLine("line 2: \"zü\" is not hexadecimal → 1")
      try require(true, "never reported")
    }
  }

  @Test func violationHasTheMessage() {
    let violation = #expect(throws: Violation.self) { try require(1 > 2, "1 is not more than 2") }
    #expect(violation?.description == "1 is not more than 2")
  }

  private static func input(_ datagrams: [UInt8]..., faults: UInt8 = 0) -> DatagramInput {
    DatagramInput(
      datagrams.reduce(into: [faults]) { bytes, datagram in
        bytes.appendNative(UInt16(datagram.count))
        bytes += datagram
      })
  }

  private static func received(_ input: DatagramInput) throws -> [ReceivedDatagram] {
    let transport = input.transport
    var buffer = [UInt8](repeating: 0, count: NetlinkConversation.bufferSize)
    var received: [ReceivedDatagram] = []
    while true {
      do throws(NetlinkProblem) {
        received.append(try transport.receive(into: &buffer))
      } catch {
        #expect(error == .unfinished)
        return received
      }
    }
  }

  @Test func inputIsASequenceOfDatagramsAfterTheirLengths() throws {
    #expect(
      try Self.received(Self.input([1, 2, 3], [4])) == [.init(count: 3), .init(count: 1)])
    #expect(try Self.received(DatagramInput([])).isEmpty)
    #expect(try Self.received(DatagramInput([0, 255, 255, 7, 8])) == [.init(count: 2)])
    #expect(
      try Self.received(Self.input([1], [2], faults: 3))
        == [.init(count: 1), .init(count: 1, senderPort: 4242, isTruncated: true)])
  }

  @Test func wholeDumpNeedsAnEndAndConsistentMessages() {
    let row = WireBytes.message(type: 20, payload: FakeSocket(cookie: 1).row)
    #expect(Self.input(row, WireBytes.done()).hasWholeDump)
    #expect(!Self.input(row).hasWholeDump)
    #expect(!Self.input(row, WireBytes.done(sequence: 2)).hasWholeDump)
    let interrupted = WireBytes.message(type: 20, flags: 0x12, payload: FakeSocket(cookie: 1).row)
    #expect(!Self.input(interrupted + WireBytes.done()).hasWholeDump)
    #expect(Self.input(row + WireBytes.done()).payloads == [FakeSocket(cookie: 1).row])
  }

  @Test func acknowledgementIsAnErrorMessageWithZero() {
    #expect(Self.input(WireBytes.error(0)).isAcknowledged)
    #expect(!Self.input(WireBytes.error(-1)).isAcknowledged)
    #expect(!Self.input(WireBytes.error(0, sequence: 2)).isAcknowledged)
    #expect(!Self.input(WireBytes.done()).isAcknowledged)
  }
}
