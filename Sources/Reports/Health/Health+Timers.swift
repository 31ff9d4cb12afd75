import Connections
import Operations

extension Health {
  private static let twoHours: Int64 = 7200

  /// When keepalive detects a dead peer. It does not cure leaks, where the peer still answers.
  package var keepalive: Check {
    let (id, title) = ("keepalive", "keepalive")
    guard let time = machine.setting("net.ipv4.tcp_keepalive_time"),
      let interval = machine.setting("net.ipv4.tcp_keepalive_intvl"),
      let probes = machine.setting("net.ipv4.tcp_keepalive_probes")
    else { return Self.unknown(id, title, "net.ipv4.tcp_keepalive_time") }
    let total = DurationText.rounded(
      milliseconds: UInt64(clamping: (time &+ interval &* probes) &* 1000))
    let text =
      "tcp_keepalive_time \(time): a dead peer is detected after \(total), and only with "
      + "SO_KEEPALIVE; a peer that still answers is never detected"
    guard time >= Self.twoHours else {
      return Check(id: id, severity: .well, title: title, detail: text)
    }
    return Check(
      id: id, severity: time > Self.twoHours ? .warning : .note, title: title, detail: text,
      remedy: Self.set("net.ipv4.tcp_keepalive_time", "600"))
  }

  /// How long closed connections stay.
  var closingTimers: Check {
    let (id, title) = ("closing-timers", "closing timers")
    guard let timeout = machine.setting("net.ipv4.tcp_fin_timeout"),
      let reuse = machine.setting("net.ipv4.tcp_tw_reuse")
    else { return Self.unknown(id, title, "net.ipv4.tcp_fin_timeout or tcp_tw_reuse") }
    let reused =
      switch reuse {
      case 0: "ports in TIME-WAIT are not reused for a minute"
      case 1: "ports in TIME-WAIT are reused for outgoing connections"
      default: "ports in TIME-WAIT are reused on loopback"
      }
    let text =
      "tcp_fin_timeout \(timeout): orphans stay in FIN-WAIT-2 for \(timeout)s; "
      + "tcp_tw_reuse \(reuse): \(reused)"
    if timeout > 60 {
      return Check(
        id: id, severity: .note, title: title, detail: text,
        remedy: Self.set("net.ipv4.tcp_fin_timeout", "30"))
    }
    return Check(id: id, severity: .well, title: title, detail: text)
  }
}
