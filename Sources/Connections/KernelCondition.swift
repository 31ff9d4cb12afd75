/// A condition that the kernel evaluates for each socket of a dump, so that it lists fewer sockets.
///
/// The kernel compares ports, addresses, the interface and the mark, and knows which ports it chose.
/// It cannot test owners, users or times (`man 7 sock_diag`; `inet_diag_bc_run` in the kernel).
public indirect enum KernelCondition: Equatable, Sendable {
  /// The port of this end is in the range.
  case port(End, ClosedRange<UInt16>)
  /// The address of this end is in the block. An IPv4 block includes the v4-mapped forms.
  case address(End, AddressBlock)
  /// The socket is bound to the interface with this index (Linux 4.9 and later).
  case interface(UInt32)
  /// `SO_MARK` equals the number under `mask` (Linux 4.9 and later, with CAP_NET_ADMIN).
  case mark(UInt32, mask: UInt32)
  /// The kernel chose the local port (no `SOCK_BINDPORT_LOCK`).
  case autobound
  /// All of the conditions are true.
  case all([KernelCondition])
  /// At least one of the conditions is true.
  case any([KernelCondition])
  /// The condition is false.
  case not(KernelCondition)

  /// One end of a connection.
  public enum End: CaseIterable, Sendable {
    /// The local end.
    case local
    /// The peer's end.
    case peer
  }

  /// True for every socket.
  public static let always = KernelCondition.all([])
  /// True for no socket.
  public static let never = KernelCondition.any([])
}

// Combining and simplifying conditions.
extension KernelCondition {
  /// A condition that is true when all of `parts` are, simplified.
  public static func every(of parts: [KernelCondition]) -> KernelCondition {
    var kept: [KernelCondition] = []
    for part in parts {
      if part == .never { return .never }
      if case .all(let inner) = part { kept += inner } else { kept.append(part) }
    }
    return kept.count == 1 ? kept[0] : .all(kept)
  }

  /// A condition that is true when one of `parts` is, simplified.
  public static func either(of parts: [KernelCondition]) -> KernelCondition {
    var kept: [KernelCondition] = []
    for part in parts {
      if part == .always { return .always }
      if case .any(let inner) = part { kept += inner } else { kept.append(part) }
    }
    return kept.count == 1 ? kept[0] : .any(kept)
  }

  /// The opposite of the condition, simplified.
  public var negated: KernelCondition {
    switch self {
    case .always: .never
    case .never: .always
    case .not(let part): part
    default: .not(self)
    }
  }

  /// A weaker condition without the comparisons that `kept` rejects: true wherever this one is.
  ///
  /// An omitted comparison counts as true, also inside a negation.
  public func weakened(keeping kept: (KernelCondition) -> Bool) -> KernelCondition {
    weakened(isNegated: false, kept)
  }

  private func weakened(
    isNegated: Bool, _ kept: (KernelCondition) -> Bool
  ) -> KernelCondition {
    switch self {
    case .not(let part): return part.weakened(isNegated: !isNegated, kept)
    case .all(let parts) where !isNegated, .any(let parts) where isNegated:
      return .every(of: parts.map { $0.weakened(isNegated: isNegated, kept) })
    case .all(let parts), .any(let parts):
      return .either(of: parts.map { $0.weakened(isNegated: isNegated, kept) })
    case .port, .address, .interface, .mark, .autobound:
      guard kept(self) else { return .always }
      return isNegated ? negated : self
    }
  }
}

extension KernelCondition: CustomStringConvertible {
  /// The condition in the syntax of a selection.
  public var description: String {
    switch self {
    case .port(let end, let range): "\(end.prefix)port \(PortText.of(range))"
    case .address(.local, let block): "local \(block)"
    case .address(.peer, let block): "peer \(block)"
    case .interface(let index): "interface \(index)"
    case .mark(let mark, let mask): "mark \(MarkText.of(mark, mask: mask))"
    case .autobound: "autobound"
    case .always: "everything"
    case .never: "nothing"
    case .all(let parts): parts.map(\.partDescription).joined(separator: " and ")
    case .any(let parts): parts.map(\.partDescription).joined(separator: " or ")
    case .not(let part): "not \(part.partDescription)"
    }
  }

  private var partDescription: String {
    switch self {
    case .all(let parts) where !parts.isEmpty: "(\(self))"
    case .any(let parts) where !parts.isEmpty: "(\(self))"
    default: description
    }
  }
}

extension KernelCondition.End {
  fileprivate var prefix: String { self == .local ? "local-" : "peer-" }
}

/// Ports in the syntax of a selection.
public enum PortText {
  /// `80` or `8000-8100`.
  public static func of(_ range: ClosedRange<UInt16>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
  }
}

/// Marks in the syntax of a selection.
public enum MarkText {
  /// `0x7`, or `0x7/0xf` with a mask.
  public static func of(_ mark: UInt32, mask: UInt32) -> String {
    let text = "0x" + String(mark, radix: 16)
    return mask == .max ? text : text + "/0x" + String(mask, radix: 16)
  }
}
