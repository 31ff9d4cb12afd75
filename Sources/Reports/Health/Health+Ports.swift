import Connections
import Operations
import Presentation
import ProcessTable
import Rendering
import Scanning

extension Health {
  /// The endpoints that share one set of local ports.
  private struct Route: Hashable {
    let local: UInt128
    let peer: UInt128
    let port: UInt16
  }

  /// Ephemeral ports in use for the busiest destination. Each pair of addresses and peer port has
  /// its own set of local ports.
  package var ephemeralPorts: Check {
    let (id, title) = ("ephemeral-ports", "ephemeral ports")
    guard let ports = try? machine.processes.ephemeralPorts() else {
      return Self.unknown(id, title, "net.ipv4.ip_local_port_range")
    }
    guard let snapshot else { return Self.unknown(id, title, "the list of connections") }
    let busiest = fullestRoute(in: snapshot, ports.range)
    guard let busiest else {
      return Check(
        id: id, severity: .well, title: title,
        detail: "none of \(Count.text(ports.available)) in use, net.ipv4.ip_local_port_range")
    }
    let (used, available) = (Int64(busiest.count), Int64(ports.available))
    let severity = Self.severity(used, of: available)
    let text = "\(Self.share(used, of: available)) to \(self.text(of: .peer, busiest.sample))"
    guard severity != .well else {
      return Check(
        id: id, severity: .well, title: title,
        detail: "at most \(text), net.ipv4.ip_local_port_range")
    }
    let timeWait = busiest.timeWait > 0 ? ", \(Count.text(busiest.timeWait)) in TIME-WAIT" : ""
    let reuse =
      busiest.timeWait > 0 && machine.setting("net.ipv4.tcp_tw_reuse") != 1
      ? Self.set("net.ipv4.tcp_tw_reuse", "1") + "; " : ""
    return Check(
      id: id, severity: severity, title: title,
      detail: "\(text) from \(busiest.sample.local.address.unmapped)\(timeWait): "
        + "once all are in use, connect fails (EADDRNOTAVAIL)",
      remedy: reuse + Self.widening(ports.range)
        + "keep connections open and reuse them")
  }

  /// The command that widens the range; empty if it is wide enough.
  private static func widening(_ range: ClosedRange<UInt16>) -> String {
    let wide: ClosedRange<UInt16> = 10240...65535
    let wider = min(range.lowerBound, wide.lowerBound)...max(range.upperBound, wide.upperBound)
    guard wider != range else { return "" }
    return set("net.ipv4.ip_local_port_range", "\(wider.lowerBound) \(wider.upperBound)") + "; or "
  }

  private func fullestRoute(
    in snapshot: Snapshot, _ range: ClosedRange<UInt16>
  ) -> (sample: Connection, count: Int, timeWait: Int)? {
    var routes: [Route: (sample: Connection, count: Int, timeWait: Int)] = [:]
    for connection in snapshot.connections {
      let identity = connection.identity
      guard range.contains(identity.localPort), TCPStateSet.connected.contains(connection.state),
        snapshot.listeners(for: connection).isEmpty
      else { continue }
      let route = Route(
        local: identity.localBits, peer: identity.peerBits, port: identity.peerPort)
      routes[route, default: (connection, 0, 0)].count += 1
      if connection.state == .timeWait { routes[route]?.timeWait += 1 }
    }
    return routes.values.max {
      ($0.count, $1.sample.cookie.rawValue) < ($1.count, $0.sample.cookie.rawValue)
    }
  }

  /// Connections in TIME_WAIT.
  package var timeWait: Check {
    let harm =
      "at the limit, the kernel ends TIME-WAIT early, and late segments may reach a new connection"
    return limit(
      "time-wait", "TIME-WAIT", used: machine.sockets("tw"),
      setting: "net.ipv4.tcp_max_tw_buckets", harm: harm
    ) { limit in
      Self.set("net.ipv4.tcp_max_tw_buckets", Self.twice(limit))
        + "; better: have clients keep connections open"
    }
  }
}
