import Connections
import Selection
import SystemPackage

/// A resolver with a fixed set of names.
struct FixedNames: NameResolver {
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    switch name {
    case "db.example":
      return ["10.1.0.1", "10.1.0.2", "2001:db8::1"].compactMap { IPAddress(text: $0) }
    case "localhost", "localhost.": return ["::1", "127.0.0.1"].compactMap { IPAddress(text: $0) }
    case "münchen.example", "a_b", "0xg", "1a": return [IPAddress(v4: 1)]
    case "empty.example": return []
    case "slow.example": throw .noAnswer
    case "broken.example": throw .system(.noMemory)
    case "odd.example": throw .resolver(code: -4)
    default: throw .noSuchName
    }
  }

  func port(ofService name: String) -> UInt16? {
    ["http": 80, "https": 443, "http-alt": 8080, "3com-tsmux": 106][name]
  }

  func isUDPService(_ name: String) -> Bool { ["ntp", "http"].contains(name) }

  func userID(of name: String) throws(LookupFailure) -> UInt32? {
    if name == "ldap" { throw .system(.ioError) }
    return ["root": 0, "app": 1000, #"CORP\alice"#: 1001][name]
  }

  func interfaceIndex(of name: String) -> UInt32? { ["lo": 1, "eth0": 2][name] }
  var interfaceNames: [String] { ["lo", "eth0"] }

  var ephemeralPorts: ClosedRange<UInt16>? { 32768...60999 }

  var serviceNames: [String] { ["http", "https", "http-alt", "ssh"] }

  var networkNamespaceNames: [KernelName]? { ["blue", "green", "7"] }
}

/// A resolver that must not be called.
struct NoNames: NameResolver {
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    throw .resolver(code: 999)
  }
  func port(ofService name: String) -> UInt16? { 999 }
  func userID(of name: String) throws(LookupFailure) -> UInt32? { 999 }
  /// Allowed, because the kernel answers at once.
  func interfaceIndex(of name: String) -> UInt32? { nil }
  var ephemeralPorts: ClosedRange<UInt16>? { 999...999 }
  var serviceNames: [String] { ["asked"] }
}
