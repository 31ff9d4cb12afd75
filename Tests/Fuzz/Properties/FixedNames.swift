import Connections
import Selection
import SystemPackage

/// A resolver with a few fixed names, so that no input queries a real one.
struct FixedNames: NameResolver {
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    switch name {
    case "db": return ["10.1.0.1", "2001:db8::1"].compactMap { IPAddress(text: $0) }
    case "localhost": return ["::1", "127.0.0.1"].compactMap { IPAddress(text: $0) }
    case "empty": return []
    case "slow": throw .noAnswer
    default: throw .noSuchName
    }
  }

  func port(ofService name: String) -> UInt16? { ["http": 80, "https": 443, "3com": 106][name] }

  func userID(of name: String) throws(LookupFailure) -> UInt32? {
    if name == "ldap" { throw .system(.ioError) }
    return ["root": 0, "app": 1000][name]
  }

  func interfaceIndex(of name: String) -> UInt32? { ["lo": 1, "eth0": 2][name] }

  var ephemeralPorts: ClosedRange<UInt16>? { 32768...60999 }

  var serviceNames: [String] { ["http", "https"] }
}
