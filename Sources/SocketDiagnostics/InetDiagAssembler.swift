import CLinuxDiag
import Connections
import Glibc
import Netlink

/// Compiles a condition to instructions. Each continues with the next one when its test is true, and
/// jumps forward when it is false.
///
/// The kernel audits a program by following the `yes` of each instruction, and allows only those
/// positions as jump targets. Therefore `yes` is always the length of the instruction. A jump to the
/// end accepts the socket, and a jump four bytes past it rejects the socket.
struct InetDiagAssembler {
  private(set) var bytes: [UInt8] = []
  private(set) var instructionCount = 0

  private let knowsEqual: Bool
  private var positions: [Int?] = []
  private var jumps: [(start: Int, target: Label)] = []

  private enum Label: Equatable {
    case accept
    case refuse
    case position(Int)
  }

  /// The program that accepts sockets for which `condition` is true; empty if that is every socket.
  ///
  /// - Parameter knowsEqual: whether the kernel can compare ports for equality.
  static func program(for condition: KernelCondition, knowsEqual: Bool) -> InetDiagAssembler {
    var assembler = InetDiagAssembler(knowsEqual: knowsEqual)
    assembler.branch(on: condition, ifTrue: .accept, ifFalse: .refuse, next: .accept)
    assembler.link()
    return assembler
  }

  private init(knowsEqual: Bool) {
    self.knowsEqual = knowsEqual
  }

  /// Appends code that continues at `ifTrue` or `ifFalse`. One of them is `next`, which follows.
  private mutating func branch(
    on condition: KernelCondition, ifTrue: Label, ifFalse: Label, next: Label
  ) {
    switch condition {
    case .not(let part): branch(on: part, ifTrue: ifFalse, ifFalse: ifTrue, next: next)
    case .all(let parts):
      guard let last = parts.last else { return jump(to: ifTrue, unlessNext: next) }
      for part in parts.dropLast() {
        let following = newLabel()
        branch(on: part, ifTrue: following, ifFalse: ifFalse, next: following)
        define(following)
      }
      branch(on: last, ifTrue: ifTrue, ifFalse: ifFalse, next: next)
    case .any(let parts):
      guard let last = parts.last else { return jump(to: ifFalse, unlessNext: next) }
      for part in parts.dropLast() {
        let following = newLabel()
        branch(on: part, ifTrue: ifTrue, ifFalse: following, next: following)
        define(following)
      }
      branch(on: last, ifTrue: ifTrue, ifFalse: ifFalse, next: next)
    case .port, .address, .interface, .mark, .autobound:
      compare(condition, ifFalse: ifFalse)
      jump(to: ifTrue, unlessNext: next)
    }
  }

  /// Appends code that falls through if `comparison` is true, and otherwise goes to `ifFalse`.
  private mutating func compare(_ comparison: KernelCondition, ifFalse: Label) {
    switch comparison {
    case .port(let end, let range):
      let codes = PortCodes(end)
      if knowsEqual, range.count == 1 {
        test(codes.equal, Self.argument(port: range.lowerBound), ifFalse: ifFalse)
        return
      }
      if range.lowerBound > 0 {
        test(codes.atLeast, Self.argument(port: range.lowerBound), ifFalse: ifFalse)
      }
      if range.upperBound < .max {
        test(codes.atMost, Self.argument(port: range.upperBound), ifFalse: ifFalse)
      }
    case .address(let end, let block):
      let code = end == .local ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND
      test(code, Self.argument(block), ifFalse: ifFalse)
    case .interface(let index):
      var argument: [UInt8] = []
      argument.appendNative(index)
      test(INET_DIAG_BC_DEV_COND, argument, ifFalse: ifFalse)
    case .mark(let mark, let mask):
      var argument: [UInt8] = []
      argument.appendNative(mark)
      argument.appendNative(mask)
      test(INET_DIAG_BC_MARK_COND, argument, ifFalse: ifFalse)
    case .autobound: test(INET_DIAG_BC_AUTO, [], ifFalse: ifFalse)
    case .all, .any, .not: break
    }
  }

  /// The second `struct inet_diag_bc_op` of a port comparison, whose `no` is the port.
  private static func argument(port: UInt16) -> [UInt8] {
    var argument: [UInt8] = [0, 0]
    argument.appendNative(port)
    return argument
  }

  /// `struct inet_diag_hostcond` for any port.
  ///
  /// AF_INET also matches v4-mapped addresses. AF_INET6 never matches an AF_INET socket.
  private static func argument(_ block: AddressBlock) -> [UInt8] {
    let family = block.holdsV4 ? AF_INET : AF_INET6
    let length = block.holdsV4 ? block.significantBits - 96 : block.significantBits
    var argument: [UInt8] = [UInt8(family), UInt8(length), 0, 0]
    argument.appendNative(UInt32.max)
    if block.holdsV4 {
      argument.appendNetwork(UInt32(truncatingIfNeeded: block.first.bits))
    } else {
      argument.appendNetwork(block.first.bits)
    }
    return argument
  }

  private mutating func test(_ code: Int, _ argument: [UInt8], ifFalse: Label) {
    append(code, argument, target: ifFalse)
  }

  /// `INET_DIAG_BC_JMP` always takes its `no` branch.
  private mutating func jump(to target: Label, unlessNext next: Label) {
    if target != next { append(INET_DIAG_BC_JMP, [], target: target) }
  }

  private mutating func append(_ code: Int, _ argument: [UInt8], target: Label) {
    jumps.append((bytes.count, target))
    instructionCount += 1
    bytes.append(UInt8(code))
    bytes.append(UInt8(4 + argument.count))
    bytes.appendNative(UInt16(0))
    bytes.append(contentsOf: argument)
  }

  private mutating func newLabel() -> Label {
    positions.append(nil)
    return .position(positions.count - 1)
  }

  private mutating func define(_ label: Label) {
    if case .position(let index) = label { positions[index] = bytes.count }
  }

  /// Fills in the `no` of each instruction, relative to the instruction.
  private mutating func link() {
    for (start, target) in jumps {
      let end =
        switch target {
        case .accept: bytes.count
        case .refuse: bytes.count + 4
        case .position(let index): positions[index] ?? bytes.count
        }
      var distance: [UInt8] = []
      distance.appendNative(UInt16(clamping: end - start))
      bytes.replaceSubrange(start + 2..<start + 4, with: distance)
    }
  }
}

/// The instructions that compare the port of one end.
private struct PortCodes {
  let atLeast: Int
  let atMost: Int
  let equal: Int

  init(_ end: KernelCondition.End) {
    switch end {
    case .local:
      (atLeast, atMost, equal) = (INET_DIAG_BC_S_GE, INET_DIAG_BC_S_LE, INET_DIAG_BC_S_EQ)
    case .peer:
      (atLeast, atMost, equal) = (INET_DIAG_BC_D_GE, INET_DIAG_BC_D_LE, INET_DIAG_BC_D_EQ)
    }
  }
}
