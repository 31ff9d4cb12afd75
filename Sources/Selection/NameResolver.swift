public import Connections
public import SystemPackage

/// Resolves the names in a selection; numbers and addresses need no resolver.
public protocol NameResolver: Sendable {
  /// All addresses of the host.
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress]

  /// The TCP port of the service; nil if there is no such service.
  func port(ofService name: String) -> UInt16?

  /// Whether there is a UDP service with this name.
  func isUDPService(_ name: String) -> Bool

  /// The uid of the user; nil if there is no such user.
  func userID(of name: String) throws(LookupFailure) -> UInt32?

  /// The index of the network interface; nil if there is no such interface.
  func interfaceIndex(of name: String) -> UInt32?

  /// The ephemeral port range (`ip_local_port_range`); nil if unknown.
  var ephemeralPorts: ClosedRange<UInt16>? { get }

  /// The names of network namespaces, as listed by `ip netns`; nil if unknown.
  var networkNamespaceNames: [KernelName]? { get }

  /// Whether a file exists at `path`, so that a comma in it is part of the path.
  func hasFile(at path: String) -> Bool

  /// The names of known services, for suggestions; may be empty.
  var serviceNames: [String] { get }

  /// The names of the network interfaces, for suggestions; may be empty.
  var interfaceNames: [String] { get }
}

extension NameResolver {
  /// Defaults to false.
  public func isUDPService(_ name: String) -> Bool { false }

  /// Defaults to unknown.
  public var ephemeralPorts: ClosedRange<UInt16>? { nil }

  /// Defaults to unknown.
  public var networkNamespaceNames: [KernelName]? { nil }

  /// Defaults to none.
  public var interfaceNames: [String] { [] }

  /// Defaults to false.
  public func hasFile(at path: String) -> Bool { false }
}

/// Why a name could not be resolved.
public enum LookupFailure: Error, Equatable, Sendable {
  /// There is no such name (`EAI_NONAME`, `EAI_NODATA`).
  case noSuchName
  /// The name service did not answer (`EAI_AGAIN`).
  case noAnswer
  /// A system call failed (`EAI_SYSTEM`).
  case system(Errno)
  /// The lookup was postponed, so that typing does not wait for a name service.
  case postponed
  /// Another `EAI_` error of `getaddrinfo`.
  case resolver(code: Int32)
}

extension LookupFailure: CustomStringConvertible {
  /// The message for the user, to follow the name and a colon.
  public var description: String {
    switch self {
    case .noSuchName: "no such name"
    case .noAnswer: "the name service did not answer; use the IP address instead"
    case .system(let errno): "\(errno)"
    case .postponed: "press Enter to look it up"
    case .resolver(let code): "the resolver failed with code \(code)"
    }
  }
}
