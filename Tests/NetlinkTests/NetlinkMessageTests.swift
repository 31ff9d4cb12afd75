import Netlink
import TestSupport
import Testing

@Suite struct NetlinkMessageTests {
  @Test func readsMessagesInSequence() throws {
    let datagram =
      WireBytes.message(type: 20, flags: 2, sequence: 7, payload: [1, 2, 3, 4, 5])
      + WireBytes.message(type: 3, flags: 0, sequence: 8)
    var offset = 0
    let first = try NetlinkMessage.read(from: datagram.span, at: &offset)
    #expect(first.type == 20 && first.flags == 2 && first.sequence == 7)
    #expect(first.payload == 16..<21)
    #expect(offset == 24, "messages start at multiples of four")
    let second = try NetlinkMessage.read(from: datagram.span, at: &offset)
    #expect(second.type == 3 && second.sequence == 8 && second.payload.isEmpty)
    #expect(offset == datagram.count)
  }

  @Test func lastMessageCanLackItsPadding() throws {
    let datagram = Array(WireBytes.message(type: 20, payload: [1, 2, 3]).dropLast())
    var offset = 0
    let message = try NetlinkMessage.read(from: datagram.span, at: &offset)
    #expect(message.payload == 16..<19)
    #expect(offset == datagram.count)
  }

  @Test(arguments: 1..<16)
  func truncatedHeaderIsMalformed(count: Int) {
    let datagram = Array(WireBytes.message(type: 20).prefix(count))
    expectMalformed(.shortMessageHeader(left: count), at: 0, datagram)
  }

  @Test(arguments: [0, 1, 15] as [UInt32])
  func lengthBelowTheHeaderIsMalformed(length: UInt32) {
    expectMalformed(
      .messageLength(length, left: 20), at: 0, withLength(length, payload: [1, 2, 3, 4]))
  }

  @Test(arguments: [21, 24, 0x7fff_ffff, 0xffff_ffff] as [UInt32])
  func lengthBeyondTheDatagramIsMalformed(length: UInt32) {
    expectMalformed(
      .messageLength(length, left: 20), at: 0, withLength(length, payload: [1, 2, 3, 4]))
  }

  @Test func attributesAreReadUpToTheirLength() throws {
    let bytes = WireBytes.attribute(2, [9, 9, 9, 9, 9]) + WireBytes.attribute(15, [1, 0, 0, 0])
    var offset = 0
    let first = try NetlinkAttribute.read(from: bytes.span, at: &offset, end: bytes.count)
    #expect(first?.type == 2 && first?.value == 4..<9)
    let second = try NetlinkAttribute.read(from: bytes.span, at: &offset, end: bytes.count)
    #expect(second?.type == 15 && second?.value == 16..<20)
    #expect(try NetlinkAttribute.read(from: bytes.span, at: &offset, end: bytes.count) == nil)
  }

  @Test func nestedAndByteOrderFlagsAreNotPartOfTheType() throws {
    let bytes = WireBytes.attribute(0x8000 | 0x4000 | 19, [])
    var offset = 0
    #expect(try NetlinkAttribute.read(from: bytes.span, at: &offset, end: 4)?.type == 19)
  }

  @Test(arguments: [0, 1, 3, 9, 0xffff] as [UInt16])
  func impossibleAttributeLengthIsMalformed(length: UInt16) {
    var wire = WireBytes()
    wire.u16(length)
    wire.u16(2)
    wire.zeros(4)
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.attributeLength(length, left: 8), at: 0))
    ) {
      var offset = 0
      _ = try NetlinkAttribute.read(from: wire.bytes.span, at: &offset, end: 8)
    }
  }

  @Test func randomBytesAreReadWithinBounds() {
    var random = Seeded(1)
    for _ in 0..<20_000 {
      let bytes = random.bytes(Int.random(in: 0...96, using: &random))
      var offset = 0
      while offset < bytes.count {
        let before = offset
        guard let message = try? NetlinkMessage.read(from: bytes.span, at: &offset) else { break }
        #expect(offset > before && message.payload.upperBound <= bytes.count)
        var position = message.payload.lowerBound
        while let attribute = try? NetlinkAttribute.read(
          from: bytes.span, at: &position, end: message.payload.upperBound)
        {
          #expect(attribute.value.upperBound <= message.payload.upperBound)
        }
      }
    }
  }

  @Test func requestHasTheKernelsLayout() {
    let datagram = NetlinkMessage.request(type: 20, flags: 0x301, sequence: 9, payload: [1, 2])
    #expect(datagram == [18, 0, 0, 0, 20, 0, 1, 3, 9, 0, 0, 0, 0, 0, 0, 0, 1, 2])
  }

  private func withLength(_ length: UInt32, payload: [UInt8]) -> [UInt8] {
    var wire = WireBytes()
    wire.u32(length)
    wire.raw(Array(WireBytes.message(type: 20, payload: payload).dropFirst(4)))
    return wire.bytes
  }

  private func expectMalformed(
    _ fault: MalformedDatagram.Fault, at offset: Int, _ datagram: [UInt8],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(fault, at: offset)),
      sourceLocation: sourceLocation
    ) {
      var offset = 0
      _ = try NetlinkMessage.read(from: datagram.span, at: &offset)
    }
  }
}
