import CLinuxDiag
public import Connections

/// A program that selects the sockets that the kernel lists (`struct inet_diag_bc_op`).
///
/// It accepts every socket for which its condition is true. It accepts more only where this kernel
/// or the size limit requires it.
public struct InetDiagBytecode: Equatable, Sendable {
  /// The instructions with their arguments.
  public let bytes: [UInt8]
  /// The number of instructions.
  public let instructionCount: Int
  /// The condition that it tests: the requested one, or a weaker one.
  public let condition: KernelCondition

  private let wanted: KernelCondition
  private let dialect: Dialect

  /// The maximum length in bytes. The kernel's audit takes time quadratic in the length: 10 ms for
  /// this one.
  static let maximumLength = 32 * 1024

  /// Compiles `condition`; nil when it is true for every socket.
  public init?(_ condition: KernelCondition) {
    self.init(condition, Dialect.newest)
  }

  /// The program to try when the kernel refuses this one; nil when there is none.
  public var forOlderKernel: InetDiagBytecode? {
    var dialect = dialect
    while let older = dialect.older {
      dialect = older
      guard let program = InetDiagBytecode(wanted, dialect) else { return nil }
      if program.bytes != bytes { return program }
    }
    return nil
  }

  private init?(_ wanted: KernelCondition, _ dialect: Dialect) {
    let judged = wanted.weakened(keeping: dialect.knows)
    let fitted = Self.fitted(judged, dialect)
    let assembled = InetDiagAssembler.program(for: fitted, knowsEqual: dialect.knowsEqual)
    guard assembled.instructionCount > 0 else { return nil }
    self.wanted = wanted
    self.dialect = dialect
    condition = fitted
    bytes = assembled.bytes
    instructionCount = assembled.instructionCount
  }

  /// The parts of a conjunction that fit, short ones first and negations last, because those exclude
  /// little. For other conditions, all or nothing.
  private static func fitted(_ condition: KernelCondition, _ dialect: Dialect) -> KernelCondition {
    func length(_ condition: KernelCondition) -> Int {
      InetDiagAssembler.program(for: condition, knowsEqual: dialect.knowsEqual).bytes.count
    }
    guard length(condition) > maximumLength else { return condition }
    guard case .all(let parts) = condition else { return .always }
    var room = maximumLength
    var kept: [KernelCondition] = []
    let candidates = parts.map { (part: $0, length: length($0), isNegation: $0.isNegation) }
      .sorted { ($0.isNegation ? 1 : 0, $0.length) < ($1.isNegation ? 1 : 0, $1.length) }
    for (part, length, _) in candidates {
      guard length <= room else { continue }
      room -= length
      kept.append(part)
    }
    return .every(of: kept)
  }
}

extension KernelCondition {
  fileprivate var isNegation: Bool {
    if case .not = self { true } else { false }
  }
}

/// The instructions that a kernel supports, from the newest kernels to the oldest.
private enum Dialect: Equatable {
  /// All instructions, including the mark, which needs CAP_NET_ADMIN.
  case newest
  /// With `INET_DIAG_BC_S_EQ` and `INET_DIAG_BC_D_EQ`, and `INET_DIAG_BC_DEV_COND`.
  case withoutMark
  /// As in Linux 4.9: the interface, but no equality of ports.
  case withInterface
  /// Only the original instructions.
  case oldest

  var older: Dialect? {
    switch self {
    case .newest: .withoutMark
    case .withoutMark: .withInterface
    case .withInterface: .oldest
    case .oldest: nil
    }
  }

  var knowsEqual: Bool { self == .newest || self == .withoutMark }

  func knows(_ comparison: KernelCondition) -> Bool {
    switch comparison {
    case .mark: self == .newest
    case .interface: self != .oldest
    default: true
    }
  }
}
