import Connections
import Selection
import SystemPackage

/// Names as they are looked up while somebody types: without a name service of the network, which
/// would be asked for every start of a name, and be waited for.
struct TypingNames: NameResolver {
  let names: any NameResolver

  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] { throw .postponed }

  func port(ofService name: String) -> UInt16? { names.port(ofService: name) }

  func userID(of name: String) throws(LookupFailure) -> UInt32? { try names.userID(of: name) }

  func interfaceIndex(of name: String) -> UInt32? { names.interfaceIndex(of: name) }

  var ephemeralPorts: ClosedRange<UInt16>? { names.ephemeralPorts }

  var serviceNames: [String] { names.serviceNames }
}
