/// A set of capabilities.
///
/// A bit set: creating a `Set` at every start takes longer than counting the connections of a
/// small machine.
public struct Capabilities: OptionSet, Equatable, Sendable {
  /// Bit n represents the nth case of ``Capability``.
  public let rawValue: UInt8

  /// Creates the set of the capabilities whose bits are set.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Creates a set of `capabilities`.
  public init(_ capabilities: some Sequence<Capability>) {
    self = capabilities.reduce(into: []) { $0.formUnion(Capabilities($1)) }
  }

  /// Creates a set of one capability.
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

  /// All capabilities that connreap can need.
  public static let all = Capabilities(Capability.allCases)

  /// Whether the set contains `capability`.
  public func contains(_ capability: Capability) -> Bool {
    rawValue & Capabilities(capability).rawValue != 0
  }

  /// The capabilities in the set, in the order of ``Capability``.
  public var members: [Capability] { Capability.allCases.filter(contains) }
}
