import CLinuxDiag
public import Connections

/// A program that the kernel runs on every socket before it lists it (`struct inet_diag_bc_op`).
///
/// It accepts every socket for which the condition that it was made of is true, and others only
/// where this kernel, or the room in a request, allows no better.
public struct InetDiagBytecode: Equatable, Sendable {
  /// The instructions with their arguments.
  public let bytes: [UInt8]
  /// How many instructions there are.
  public let instructionCount: Int
  /// What it decides: the condition that it was made of, or a weaker one.
  public let condition: KernelCondition

  private let wanted: KernelCondition
  private let dialect: Dialect

  /// The longest program. The kernel checks each jump from the start of the program, in a time that
  /// grows with the square of the length: 10 ms for this one.
  static let greatestLength = 32 * 1024

  /// The program for `condition`; nil when there is nothing to decide.
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

  /// Of conditions that are joined, those that fit together, the short ones first and negations
  /// last, since they leave out little; otherwise all or nothing.
  private static func fitted(_ condition: KernelCondition, _ dialect: Dialect) -> KernelCondition {
    func length(_ condition: KernelCondition) -> Int {
      InetDiagAssembler.program(for: condition, knowsEqual: dialect.knowsEqual).bytes.count
    }
    guard length(condition) > greatestLength else { return condition }
    guard case .all(let parts) = condition else { return .always }
    var room = greatestLength
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

/// The instructions that a kernel takes, from the newest kernels to older ones.
private enum Dialect: Equatable {
  /// With the mark, which also takes CAP_NET_ADMIN.
  case newest
  /// With `INET_DIAG_BC_S_EQ` and `INET_DIAG_BC_D_EQ`, and `INET_DIAG_BC_DEV_COND`.
  case withoutMark
  /// Of Linux 4.9: the interface, but no equal ports.
  case withInterface
  /// Only what there has always been.
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
