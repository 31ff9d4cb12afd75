/// What the kernel can judge of a socket while it lists it, so that it leaves out the others.
///
/// It can compare ports, addresses, the interface and the mark, knows which ports it chose itself,
/// and judges nothing else: not an owner, a user or a time (`man 7 sock_diag`; the kernel's `inet_diag_bc_run`).
public indirect enum KernelCondition: Equatable, Sendable {
  /// The port of this end lies in the range.
  case port(End, ClosedRange<UInt16>)
  /// The address of this end lies in the block; one of IPv4 also holds the v4-mapped forms.
  case address(End, AddressBlock)
  /// It is bound to the interface with this index (Linux 4.9 and later).
  case interface(UInt32)
  /// The bits of `SO_MARK` under `mask` are those of the number (Linux 4.9 and later, and only
  /// with CAP_NET_ADMIN).
  case mark(UInt32, mask: UInt32)
  /// The program did not bind it to its local port (no `SOCK_BINDPORT_LOCK`).
  case autobound
  /// All of them are so.
  case all([KernelCondition])
  /// One of them is so.
  case any([KernelCondition])
  /// It is not so.
  case not(KernelCondition)

  /// One end of a connection.
  public enum End: CaseIterable, Sendable {
    /// The local end.
    case local
    /// The peer's end.
    case peer
  }

  /// True of every socket.
  public static let always = KernelCondition.all([])
  /// True of no socket.
  public static let never = KernelCondition.any([])
}

// Conditions made of others, without parts that decide nothing.
extension KernelCondition {
  /// All of `parts` are so, in the fewest words.
  public static func every(of parts: [KernelCondition]) -> KernelCondition {
    var kept: [KernelCondition] = []
    for part in parts {
      if part == .never { return .never }
      if case .all(let inner) = part { kept += inner } else { kept.append(part) }
    }
    return kept.count == 1 ? kept[0] : .all(kept)
  }

  /// One of `parts` is so, in the fewest words.
  public static func either(of parts: [KernelCondition]) -> KernelCondition {
    var kept: [KernelCondition] = []
    for part in parts {
      if part == .always { return .always }
      if case .any(let inner) = part { kept += inner } else { kept.append(part) }
    }
    return kept.count == 1 ? kept[0] : .any(kept)
  }

  /// It is not so, in the fewest words.
  public var negated: KernelCondition {
    switch self {
    case .always: .never
    case .never: .always
    case .not(let part): part
    default: .not(self)
    }
  }

  /// The condition without the comparisons that are not `kept`: true wherever this one is.
  ///
  /// What is left out counts as true, inside a negation as well.
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
  /// The condition in the words of a selection.
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

/// How a selection spells ports.
public enum PortText {
  /// `80` or `8000-8100`.
  public static func of(_ range: ClosedRange<UInt16>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
  }
}

/// How a selection spells marks.
public enum MarkText {
  /// `0x7`, or `0x7/0xf` under a mask.
  public static func of(_ mark: UInt32, mask: UInt32) -> String {
    let text = "0x" + String(mark, radix: 16)
    return mask == .max ? text : text + "/0x" + String(mask, radix: 16)
  }
}
