/// One end of a connection: an address and a port.
public struct Endpoint: Hashable, Sendable {
  /// The address of this end.
  public let address: IPAddress
  /// The TCP port of this end; 0 when there is none, as at the peer of a listener.
  public let port: UInt16

  /// The end at `port` of `address`.
  public init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// Appends `10.0.0.5:8080` or `[fe80::1]:8080`; an unspecified address or port 0 is `*`, as in `ss`.
  public func appendText(to text: inout [UInt8]) {
    if address.isUnspecified {
      text.append(UInt8(ascii: "*"))
    } else if address.family == .ipv4 {
      address.appendText(to: &text)
    } else {
      text.append(UInt8(ascii: "["))
      address.appendText(to: &text)
      text.append(UInt8(ascii: "]"))
    }
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
