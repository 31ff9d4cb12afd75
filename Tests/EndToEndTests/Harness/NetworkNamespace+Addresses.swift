import Glibc
import Testing

extension NetworkNamespace {
  /// Adds an IPv6 address to `device` and waits until it is usable.
  ///
  /// The kernel adds the route a moment after the address.
  func addAddress(_ address: String, length: Int, device: String) throws {
    let added = try server.run(
      ["ip", "addr", "add", "\(address)/\(length)", "dev", device, "nodad"])
    try #require(added.status == 0, "\(added.errorText)")
    try waitUntil("a route to \(address)", every: .milliseconds(20)) {
      let routes = try server.run(["ip", "-6", "route", "show", "table", "local"])
      return routes.lines.contains { $0.hasPrefix("local \(address) dev \(device) ") }
    }
  }
}
