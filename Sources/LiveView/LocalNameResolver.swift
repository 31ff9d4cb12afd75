package import Connections
import Reports
package import Selection
import SystemPackage

/// Name resolution while the user types, without host lookups.
///
/// A host lookup would query the network for every prefix of a name, and block.
package struct LocalNameResolver: NameResolver {
  package let names: any NameResolver

  package func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    throw .postponed
  }

  package func port(ofService name: String) -> UInt16? { names.port(ofService: name) }

  package func userID(of name: String) throws(LookupFailure) -> UInt32? {
    try names.userID(of: name)
  }

  package func interfaceIndex(of name: String) -> UInt32? { names.interfaceIndex(of: name) }

  package var ephemeralPorts: ClosedRange<UInt16>? { names.ephemeralPorts }

  package var serviceNames: [String] { names.serviceNames }
}
