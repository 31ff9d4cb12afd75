import Connections
import Testing

@Suite("Kernel conditions")
struct KernelConditionTests {
  private static let port = KernelCondition.port(.local, 80...80)
  private static let peer = KernelCondition.port(.peer, 1000...2000)
  private static let device = KernelCondition.interface(2)

  @Test("Combined conditions are simplified")
  func simplified() {
    let (port, peer) = (Self.port, Self.peer)
    #expect(KernelCondition.every(of: []) == .always)
    #expect(KernelCondition.every(of: [.always, port, .all([])]) == port)
    #expect(KernelCondition.every(of: [port, .never, peer]) == .never)
    #expect(KernelCondition.every(of: [port, .all([peer, port])]) == .all([port, peer, port]))
    #expect(
      KernelCondition.every(of: [port, .any([peer, port])]) == .all([port, .any([peer, port])]))
    #expect(KernelCondition.either(of: []) == .never)
    #expect(KernelCondition.either(of: [.never, port]) == port)
    #expect(KernelCondition.either(of: [port, .always]) == .always)
    #expect(KernelCondition.either(of: [port, .any([peer])]) == .any([port, peer]))
  }

  @Test("A double negation cancels out")
  func negated() {
    #expect(KernelCondition.always.negated == .never)
    #expect(KernelCondition.never.negated == .always)
    #expect(Self.port.negated == .not(Self.port))
    #expect(Self.port.negated.negated == Self.port)
  }

  @Test("Omitted comparisons count as true, also inside a negation")
  func weakened() {
    let (port, device) = (Self.port, Self.device)
    func withoutDevice(_ condition: KernelCondition) -> KernelCondition {
      condition.weakened { $0 != device }
    }
    #expect(withoutDevice(device) == .always)
    #expect(withoutDevice(.not(device)) == .always)
    #expect(withoutDevice(.all([port, device])) == port)
    #expect(withoutDevice(.any([port, device])) == .always)
    #expect(withoutDevice(.not(.any([port, device]))) == .not(port))
    #expect(withoutDevice(.not(.all([port, device]))) == .always)
    #expect(withoutDevice(.not(.all([.not(device), .not(port)]))) == .always)
    #expect(withoutDevice(.not(.any([.not(port), .not(device)]))) == port)
  }

  @Test("The description uses the syntax of a selection")
  func text() throws {
    let block = try #require(
      IPAddress(text: "10.0.0.0").flatMap { AddressBlock($0, prefixLength: 8) })
    let condition = KernelCondition.all([
      .any([Self.port, .not(Self.peer)]), .not(.any([Self.device, .address(.peer, block)])),
      .mark(7, mask: .max), .mark(1, mask: 0xf), .address(.local, block),
    ])
    #expect(
      "\(condition)"
        == "(local-port 80 or not peer-port 1000-2000) and not (interface 2 or peer 10.0.0.0/8)"
        + " and mark 0x7 and mark 0x1/0xf and local 10.0.0.0/8")
    #expect("\(KernelCondition.always)" == "everything")
    #expect("\(KernelCondition.not(.never))" == "not nothing")
  }

  @Test("A block of v4-mapped addresses holds IPv4; a larger IPv6 block does not")
  func holdsV4() throws {
    let cases: [(String, Int, Bool)] = [
      ("10.0.0.0", 8, true), ("0.0.0.0", 0, true), ("::ffff:10.0.0.0", 104, true),
      ("::ffff:0:0", 96, true), ("::", 0, false), ("::ffff:0:0", 95, false), ("::1", 128, false),
    ]
    for (text, length, holds) in cases {
      let block = try #require(
        IPAddress(text: text).flatMap { AddressBlock($0, prefixLength: length) })
      #expect(block.holdsV4 == holds, "\(text)/\(length)")
    }
  }
}
