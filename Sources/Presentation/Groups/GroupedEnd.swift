package import Connections
package import Scanning

/// An end shared by several connections, with what distinguishes it from one that looks the same.
package struct GroupedEnd: Hashable {
  /// The address; an IPv4 address is always stored in its v4-mapped form.
  private let bits: UInt128
  private let port: UInt16?
  private let isV6Only: Bool?
  /// The interface that scopes the address; its index is valid in one network namespace only.
  private let interface: UInt32
  private let namespace: UInt16

  /// The address of `end`, with its interface if it is link-local.
  package init(addressOf end: KernelCondition.End, of connection: Connection) {
    let address = end == .local ? connection.local.address : connection.peer.address
    bits = address.bits
    (port, isV6Only) = (nil, nil)
    interface = address.isLinkLocal ? connection.identity.interface : 0
    namespace = interface == 0 ? 0 : connection.namespace
  }

  /// The local end of `listener`.
  package init(listener: Connection) {
    bits = listener.identity.localBits
    port = listener.identity.localPort
    isV6Only = bits == 0 ? listener.isV6Only : nil
    interface = listener.identity.interface
    namespace = interface == 0 ? 0 : listener.namespace
  }

  /// The end as printed in tables and JSON.
  package func text(in snapshot: Snapshot, _ names: SystemNumbers) -> String {
    var text: [UInt8] = []
    IPAddress(bits: bits, family: .ipv6).unmapped.appendShownText(
      to: &text, isV6Only: isV6Only, inEndpoint: port != nil
    ) { text in
      guard interface != 0 else { return }
      text.append(UInt8(ascii: "%"))
      let isOwn = snapshot.namespaces[Int(namespace)].isOwn
      let name = isOwn ? names.interfaceName(interface) : nil
      text.append(contentsOf: (name ?? "\(interface)").utf8)
    }
    let end = String(decoding: text, as: UTF8.self)
    return port.map { "\(end):\($0)" } ?? end
  }
}
