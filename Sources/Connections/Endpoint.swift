/// One end of a connection: an address and a port.
public struct Endpoint: Hashable, Sendable {
  /// The address of this end.
  public let address: IPAddress
  /// The TCP port of this end; 0 when there is none, as for the peer of a listener.
  public let port: UInt16

  /// Creates the endpoint at `port` of `address`.
  public init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// Appends `10.0.0.5:8080` or `[fe80::1]:8080`; the unspecified IPv6 address and port 0 are `*`.
  ///
  /// ``Connection/appendText(of:to:zone:)`` also handles IPv6-only sockets and interfaces.
  public func appendText(to text: inout [UInt8]) {
    address.appendShownText(to: &text, isV6Only: nil, inEndpoint: true)
    appendPort(to: &text)
  }

  /// Appends `:8080`, or `:*` for port 0.
  public func appendPort(to text: inout [UInt8]) {
    text.append(UInt8(ascii: ":"))
    if port == 0 {
      text.append(UInt8(ascii: "*"))
    } else {
      text.appendDecimal(UInt64(port))
    }
  }
}

extension Endpoint: CustomStringConvertible {
  /// The text of ``appendText(to:)``.
  public var description: String {
    var text: [UInt8] = []
    appendText(to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
