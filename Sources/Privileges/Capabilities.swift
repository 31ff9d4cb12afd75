/// A set of capabilities.
///
/// One word: to make a `Set` of them takes the runtime of the language more time, at every start,
/// than to count the connections of a small machine.
public struct Capabilities: OptionSet, Equatable, Sendable {
  /// Bit n stands for the nth case of ``Capability``.
  public let rawValue: UInt8

  /// The set of the capabilities whose bits are set.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The set of these.
  public init(_ capabilities: some Sequence<Capability>) {
    self = capabilities.reduce(into: []) { $0.formUnion(Capabilities($1)) }
  }

  /// The set of this one.
  public init(_ capability: Capability) {
    self =
      switch capability {
      case .netAdmin: .netAdmin
      case .sysPtrace: .sysPtrace
      case .dacReadSearch: .dacReadSearch
      case .sysAdmin: .sysAdmin
      case .dacOverride: .dacOverride
      case .chown: .chown
      }
  }

  /// ``Capability/netAdmin``.
  public static let netAdmin = Capabilities(rawValue: 1)
  /// ``Capability/sysPtrace``.
  public static let sysPtrace = Capabilities(rawValue: 2)
  /// ``Capability/dacReadSearch``.
  public static let dacReadSearch = Capabilities(rawValue: 4)
  /// ``Capability/sysAdmin``.
  public static let sysAdmin = Capabilities(rawValue: 8)
  /// ``Capability/dacOverride``.
  public static let dacOverride = Capabilities(rawValue: 16)
  /// ``Capability/chown``.
  public static let chown = Capabilities(rawValue: 32)

  /// All of them.
  public static let all = Capabilities(Capability.allCases)

  /// Whether `capability` is among them.
  public func contains(_ capability: Capability) -> Bool {
    rawValue & Capabilities(capability).rawValue != 0
  }

  /// Those that are in the set, in the order of ``Capability``.
  public var members: [Capability] { Capability.allCases.filter(contains) }
}
