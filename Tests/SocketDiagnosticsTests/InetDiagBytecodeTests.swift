import Connections
import Netlink
import TestSupport
import Testing

@testable import SocketDiagnostics

@Suite struct InetDiagBytecodeTests {
  private func program(_ condition: KernelCondition) throws -> InetDiagBytecode {
    try #require(InetDiagBytecode(condition))
  }

  private static func block(_ text: String, _ length: Int? = nil) throws -> AddressBlock {
    let address = try #require(IPAddress(text: text))
    guard let length else { return AddressBlock(address) }
    return try #require(AddressBlock(address, prefixLength: length))
  }

  // MARK: Instructions

  @Test func portIsOneComparisonThatRejectsPastTheEnd() throws {
    #expect(
      try program(.port(.local, 8080...8080)).bytes == [11, 8, 12, 0, 0, 0, 0x90, 0x1f])
    #expect(try program(.port(.peer, 80...80)).bytes == [12, 8, 12, 0, 0, 0, 80, 0])
  }

  @Test func rangeIsTwoComparisonsAndAnOpenRangeIsOne() throws {
    #expect(
      try program(.port(.local, 1...2)).bytes
        == [2, 8, 20, 0, 0, 0, 1, 0] + [3, 8, 12, 0, 0, 0, 2, 0])
    #expect(try program(.port(.peer, 0...2)).bytes == [5, 8, 12, 0, 0, 0, 2, 0])
    #expect(try program(.port(.peer, 2...65535)).bytes == [4, 8, 12, 0, 0, 0, 2, 0])
  }

  @Test func disjunctionJumpsToTheEndFromTheFirstPart() throws {
    let either = try program(.any([.port(.local, 1...1), .port(.peer, 2...2)]))
    #expect(
      either.bytes
        == [11, 8, 12, 0, 0, 0, 1, 0] + [1, 4, 12, 0] + [12, 8, 12, 0, 0, 0, 2, 0])
    #expect(either.instructionCount == 3)
  }

  @Test func negationSwapsTheJumps() throws {
    #expect(
      try program(.not(.port(.local, 1...1))).bytes
        == [11, 8, 12, 0, 0, 0, 1, 0] + [1, 4, 8, 0])
  }

  @Test func mappedBlocksAreComparedAsIPv4() throws {
    let wanted: [UInt8] = [8, 16, 20, 0, 2, 8, 0, 0, 255, 255, 255, 255, 10, 0, 0, 0]
    #expect(try program(.address(.peer, Self.block("10.9.9.9", 8))).bytes == wanted)
    #expect(try program(.address(.peer, Self.block("::ffff:10.9.9.9", 104))).bytes == wanted)
    #expect(
      try program(.address(.local, Self.block("::1"))).bytes
        == [7, 28, 32, 0, 10, 128, 0, 0, 255, 255, 255, 255]
        + [UInt8](repeating: 0, count: 15) + [1])
  }

  @Test func interfaceAndMarkHaveTheKernelsLayout() throws {
    #expect(try program(.interface(3)).bytes == [9, 8, 12, 0, 3, 0, 0, 0])
    #expect(
      try program(.mark(7, mask: 0xff)).bytes == [10, 12, 16, 0, 7, 0, 0, 0, 255, 0, 0, 0])
  }

  @Test func conditionThatIsAlwaysTrueHasNoProgram() throws {
    #expect(InetDiagBytecode(.always) == nil)
    #expect(InetDiagBytecode(.not(.never)) == nil)
    #expect(InetDiagBytecode(.port(.local, 0...65535)) == nil)
    let nothing = try program(.never)
    #expect(nothing.bytes == [1, 4, 8, 0])
    #expect(DiagProgram(nothing.bytes).refusal() == nil)
  }

  @Test func programFollowsTheRequestAsAnAttribute() throws {
    let request = DumpRequest(
      family: .ipv4, states: .all, details: [], bytecode: try program(.port(.local, 1...1)))
    #expect(request.payload.count == 56 + 12)
    #expect(Array(request.payload[56..<60]) == [12, 0, 1, 0])
    #expect(Array(request.payload[60...]) == request.bytecode?.bytes)
  }

  // MARK: Generated conditions

  @Test func programsPassTheAuditAndMatchTheirConditions() throws {
    var generator = Seeded(31)
    var (accepted, refused) = (0, 0)
    for _ in 0..<3000 {
      let condition = Self.anyCondition(depth: 4, &generator)
      let bytecode = InetDiagBytecode(condition)
      let program = bytecode.map { DiagProgram($0.bytes) }
      #expect(program?.refusal() == nil, "\(condition)")
      #expect(program?.instructionCount == bytecode?.instructionCount)
      for _ in 0..<20 {
        let entry = Self.anyEntry(&generator)
        let expected = Self.isTrue(condition, for: entry)
        #expect((program?.accepts(entry) ?? true) == expected, "\(condition) of \(entry)")
        if expected { accepted += 1 } else { refused += 1 }
      }
    }
    #expect(
      accepted > 10_000 && refused > 10_000,
      "both results must be frequent: \(accepted), \(refused)")
  }

  @Test func weakerProgramAcceptsAtLeastTheSame() throws {
    var generator = Seeded(32)
    var steps = 0
    for _ in 0..<1000 {
      let condition = Self.anyCondition(depth: 3, &generator)
      let entries = (0..<20).map { _ in Self.anyEntry(&generator) }
      var bytecode = InetDiagBytecode(condition)
      while let weaker = bytecode?.forOlderKernel {
        steps += 1
        let program = DiagProgram(weaker.bytes)
        #expect(program.refusal() == nil)
        for entry in entries where Self.isTrue(condition, for: entry) {
          #expect(program.accepts(entry), "\(condition) of \(entry)")
        }
        bytecode = weaker
      }
    }
    #expect(steps > 250)
  }

  @Test func oldestProgramUsesOnlyTheOldestInstructions() throws {
    let condition = KernelCondition.all([
      .mark(1, mask: 1), .interface(1), .port(.local, 80...80),
    ])
    var programs: [InetDiagBytecode] = [try program(condition)]
    while let weaker = programs.last?.forOlderKernel { programs.append(weaker) }
    #expect(
      programs.map { "\($0.condition)" } == [
        "mark 0x1/0x1 and interface 1 and local-port 80", "interface 1 and local-port 80",
        "interface 1 and local-port 80", "local-port 80",
      ])
    let refusals = programs.map { DiagProgram($0.bytes).refusal(newestCode: 8) }
    #expect(refusals == [22, 22, 22, nil])
    #expect(
      programs.map { DiagProgram($0.bytes).refusal(mayCompareMarks: false) } == [1, nil, nil, nil])
  }

  @Test func conditionOnTheMarkAloneHasNoWeakerProgram() throws {
    #expect(try program(.mark(1, mask: 1)).forOlderKernel == nil)
    #expect(try program(.not(.mark(1, mask: 1))).forOlderKernel == nil)
    #expect(
      try program(.any([.mark(1, mask: 1), .port(.local, 1...1)])).forOlderKernel == nil,
      "without the mark, any socket can match")
    #expect(try program(.address(.local, Self.block("10.0.0.1"))).forOlderKernel == nil)
  }

  // MARK: Limits

  @Test func threeHundredPortsAndHostsFit() throws {
    let ports = (1...300).map { KernelCondition.port(.peer, UInt16($0 * 3)...UInt16($0 * 3)) }
    let hosts = try (1...300).map {
      KernelCondition.address(.local, try Self.block("10.0.\($0 / 256).\($0 % 256)"))
    }
    let condition = KernelCondition.all([.any(ports), .not(.any(hosts))])
    let bytecode = try program(condition)
    let isWhole = bytecode.condition == condition.weakened { _ in true }
    #expect(isWhole)
    let program = DiagProgram(bytecode.bytes)
    #expect(program.refusal() == nil)
    for port in UInt16(1)...910 {
      var entry = DiagProgram.Entry(
        family: 2, localPort: 1, peerPort: port, local: [10, 0, 2, 1], peer: [1, 1, 1, 1])
      #expect(program.accepts(entry) == (port % 3 == 0 && port <= 900))
      entry.local = [10, 0, 1, UInt8(port % 45)]
      #expect(!program.accepts(entry))
    }
  }

  @Test func partsThatDoNotFitAreLeftToUserSpace() throws {
    let many = KernelCondition.any(
      (1...5000).map { .port(.peer, UInt16($0 * 2)...UInt16($0 * 2)) })
    #expect(InetDiagBytecode(many) == nil)
    let small = KernelCondition.port(.local, 443...443)
    let both = try program(.all([many, small, .not(.interface(1))]))
    #expect(both.condition == .all([small, .not(.interface(1))]))
    #expect(InetDiagBytecode(.any([many, small])) == nil, "the large part alone can be true")
    #expect(InetDiagBytecode(.not(.all([.not(many), small]))) == nil)
  }

  @Test func runningKernelAcceptsTheLongestProgram() throws {
    var parts: [KernelCondition] = []
    for port in UInt16(1)...2730 { parts.append(.port(.peer, port * 2...port * 2)) }
    let longest = try program(.any(parts))
    #expect(longest.bytes.count > InetDiagBytecode.maximumLength - 64)
    var diagnostics = TCPDiagnostics(
      over: try KernelTransport(bus: TCPDiagnostics.bus), uptime: nil)
    let request = DumpRequest(
      family: .ipv4, states: .all, details: [], bytecode: longest)
    let taken = try diagnostics.dump(request) { row in
      #expect(row.identity.peerPort % 2 == 0 && row.identity.peerPort <= 5460)
    }
    #expect(taken == request)
  }

  @Test func runningKernelAcceptsRandomPrograms() throws {
    var generator = Seeded(33)
    var diagnostics = TCPDiagnostics(
      over: try KernelTransport(bus: TCPDiagnostics.bus), uptime: nil)
    for _ in 0..<300 {
      let condition = Self.anyCondition(depth: 4, &generator)
        .weakened { if case .mark = $0 { false } else { true } }
      let request = DumpRequest(
        family: .ipv6, states: TCPState.listen.asSet, details: [],
        bytecode: InetDiagBytecode(condition))
      #expect(try diagnostics.dump(request) { _ in } == request, "\(condition)")
    }
  }

  // MARK: Meaning of conditions

  private static func isTrue(_ condition: KernelCondition, for entry: DiagProgram.Entry) -> Bool {
    switch condition {
    case .port(.local, let range): return range.contains(entry.localPort)
    case .port(.peer, let range): return range.contains(entry.peerPort)
    case .address(let end, let block):
      return block.contains(address(end == .local ? entry.local : entry.peer))
    case .interface(let index): return entry.interface == index
    case .mark(let mark, let mask): return entry.mark & mask == mark
    case .autobound: return entry.isAutobound
    case .all(let parts): return parts.allSatisfy { isTrue($0, for: entry) }
    case .any(let parts): return parts.contains { isTrue($0, for: entry) }
    case .not(let part): return !isTrue(part, for: entry)
    }
  }

  private static func address(_ octets: [UInt8]) -> IPAddress {
    let bits = octets.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    return octets.count == 4
      ? IPAddress(v4: UInt32(bits)) : IPAddress(bits: bits, family: .ipv6)
  }

  private static let octets: [[UInt8]] = [
    [10, 0, 0, 1], [10, 0, 1, 2], [10, 128, 0, 1], [192, 168, 1, 100], [0, 0, 0, 0],
  ]
  private static let longOctets: [[UInt8]] =
    octets.map { [UInt8](repeating: 0, count: 10) + [255, 255] + $0 }
    + [
      [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1],
      [UInt8](repeating: 0, count: 15) + [1], [UInt8](repeating: 0, count: 16),
      // 10.0.0.1 in the first bytes, where a careless comparison would look.
      [10, 0, 0, 1] + [UInt8](repeating: 0, count: 12),
    ]

  private static func anyEntry(_ generator: inout Seeded) -> DiagProgram.Entry {
    let isV4 = Bool.random(using: &generator)
    let addresses = isV4 ? octets : longOctets
    func address() -> [UInt8] { addresses[Int.random(in: 0..<addresses.count, using: &generator)] }
    func port() -> UInt16 { [0, 1, 22, 80, 443, 65535].randomElement(using: &generator) ?? 0 }
    var entry = DiagProgram.Entry(
      family: isV4 ? 2 : 10, localPort: port(), peerPort: port(), local: address(),
      peer: address())
    entry.interface = UInt32.random(in: 0...2, using: &generator)
    entry.mark = UInt32.random(in: 0...3, using: &generator)
    entry.isAutobound = Bool.random(using: &generator)
    return entry
  }

  private static func anyCondition(
    depth: Int, _ generator: inout Seeded
  ) -> KernelCondition {
    func end() -> KernelCondition.End { Bool.random(using: &generator) ? .local : .peer }
    func parts() -> [KernelCondition] {
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        anyCondition(depth: depth - 1, &generator)
      }
    }
    switch Int.random(in: 0..<(depth == 0 ? 5 : 10), using: &generator) {
    case 0:
      let bounds = [UInt16(0), 1, 22, 80, 443, 65535].shuffled(using: &generator)
      let low = min(bounds[0], bounds[1])
      return .port(
        end(), Bool.random(using: &generator) ? low...low : low...max(bounds[0], bounds[1]))
    case 1:
      let known = Bool.random(using: &generator) ? octets : longOctets
      let chosen = address(known[Int.random(in: 0..<known.count, using: &generator)])
      let width = chosen.family == .ipv4 ? 32 : 128
      let length = [0, 1, 8, 24, width - 1, width].randomElement(using: &generator) ?? width
      let mapped = [80, 96, 104, 128].randomElement(using: &generator) ?? width
      let isMapped = chosen.family == .ipv6 && chosen.isV4OrMapped
      guard let block = AddressBlock(chosen, prefixLength: isMapped ? mapped : length) else {
        return .never
      }
      return .address(end(), block)
    case 2: return .interface(UInt32.random(in: 0...2, using: &generator))
    case 3:
      let mask = UInt32.random(in: 0...3, using: &generator)
      return .mark(UInt32.random(in: 0...3, using: &generator) & mask, mask: mask)
    case 4: return .autobound
    case 5, 6: return .all(parts())
    case 7, 8: return .any(parts())
    default: return .not(anyCondition(depth: depth - 1, &generator))
    }
  }
}
