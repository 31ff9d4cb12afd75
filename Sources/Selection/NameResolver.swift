public import Connections
public import SystemPackage

/// What turns the names in a selection into numbers.
///
/// Numbers and addresses are read without it.
public protocol NameResolver: Sendable {
  /// All addresses of the host.
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress]

  /// The TCP port of the service; nil when there is no such service.
  func port(ofService name: String) -> UInt16?

  /// Whether there is a service of this name for UDP.
  func isUDPService(_ name: String) -> Bool

  /// The uid of the user; nil when there is no such user.
  func userID(of name: String) throws(LookupFailure) -> UInt32?

  /// The index of the network interface; nil when there is none of that name.
  func interfaceIndex(of name: String) -> UInt32?

  /// The ports that the kernel chooses from (`ip_local_port_range`); nil when that is unknown.
  var ephemeralPorts: ClosedRange<UInt16>? { get }

  /// The names that `ip netns` has given to network namespaces; nil when they are unknown.
  var networkNamespaceNames: [KernelName]? { get }

  /// Whether there is a file at `path`, in which a comma then separates nothing.
  func hasFile(at path: String) -> Bool

  /// The services that are known, to suggest one; possibly none.
  var serviceNames: [String] { get }
}

extension NameResolver {
  /// None is known, where nothing else is said.
  public func isUDPService(_ name: String) -> Bool { false }

  /// Unknown, where nothing else is said.
  public var ephemeralPorts: ClosedRange<UInt16>? { nil }

  /// Unknown, where nothing else is said.
  public var networkNamespaceNames: [KernelName]? { nil }

  /// No, where nothing else is said.
  public func hasFile(at path: String) -> Bool { false }
}

/// Why a name could not be turned into a number.
public enum LookupFailure: Error, Equatable, Sendable {
  /// There is no such name (`EAI_NONAME`, `EAI_NODATA`).
  case noSuchName
  /// The name service did not answer (`EAI_AGAIN`).
  case noAnswer
  /// A system call failed (`EAI_SYSTEM`).
  case system(Errno)
  /// It was not looked up yet: whoever types should not wait for a name service.
  case postponed
  /// Another `EAI_` error of `getaddrinfo`, by its number.
  case resolver(code: Int32)
}

extension LookupFailure: CustomStringConvertible {
  /// The message for a user, to follow the name and a colon.
  public var description: String {
    switch self {
    case .noSuchName: "no such name"
    case .noAnswer: "the name service did not answer; give the number instead"
    case .system(let errno): "\(errno)"
    case .postponed: "it is looked up with Enter"
    case .resolver(let code): "the resolver failed with code \(code)"
    }
  }
}
