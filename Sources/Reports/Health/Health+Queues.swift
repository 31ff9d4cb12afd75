import Connections
import Operations
import Rendering
import Scanning

extension Health {
  /// Connections dropped because programs do not accept fast enough.
  var acceptQueues: Check {
    let (id, title) = ("accept-queues", "accept queues")
    let listeners = snapshot?.connections.filter { $0.state == .listen }
    let full = (listeners ?? []).filter { $0.receiveQueue > $0.sendQueue }
    let overflows = machine.extended("ListenOverflows")
    let counted = overflows.map { "\(Count.text(Int($0))) overflow\(Count.plural(Int($0)))" }
    if let worst = full.max(by: { $0.receiveQueue < $1.receiveQueue }) {
      let others = full.count > 1 ? " and \(Count.text(full.count - 1)) more" : ""
      return Check(
        id: id, severity: .problem, title: title,
        detail:
          "\(text(of: .local, worst))\(others) full, \(worst.receiveQueue) of \(worst.sendQueue); "
          + "\(counted ?? "overflows unknown") so far: new connections are dropped",
        remedy: queueRemedy(isLimited: full.contains { isLimitedBySetting(Int64($0.sendQueue)) }))
    }
    guard let overflows, let counted, listeners != nil else {
      return Self.unknown(id, title, "ListenOverflows or the list of sockets")
    }
    guard overflows > 0 else {
      return Check(id: id, severity: .well, title: title, detail: "none full, no overflows")
    }
    let accepted = machine.counter("PassiveOpens")
    let detail =
      "none full; \(counted) so far"
      + (accepted.map { ", \(Count.text(Int($0))) accepted" } ?? "")
    // Restarts of busy programs cause fewer than one in a thousand.
    let isMuch = accepted.map { overflows >= max(1, $0 / 1000) } ?? true
    return Check(
      id: id, severity: isMuch ? .warning : .note, title: title, detail: detail,
      remedy: isMuch
        ? queueRemedy(isLimited: machine.setting("net.core.somaxconn").map { $0 < 4096 } ?? false)
        : nil)
  }

  /// Whether `somaxconn` limits a backlog.
  private func isLimitedBySetting(_ backlog: Int64) -> Bool {
    machine.setting("net.core.somaxconn").map { backlog >= $0 } ?? false
  }

  /// Names the setting only if it is the limit. It must never shrink, and raising it does not help
  /// a program that requests less.
  private func queueRemedy(isLimited: Bool) -> String {
    let program =
      "see 'connreap listeners'; the program must accept faster or request a longer backlog"
    guard isLimited, let longest = machine.setting("net.core.somaxconn") else { return program }
    let longer = longest < 4096 ? "4096" : Self.twice(longest)
    return program + ", after " + Self.set("net.core.somaxconn", longer)
  }

  /// Unfinished handshakes, and the protection against them.
  var synQueues: Check {
    let (id, title) = ("syn-queues", "SYN queues")
    guard let cookies = machine.setting("net.ipv4.tcp_syncookies") else {
      return Self.unknown(id, title, "net.ipv4.tcp_syncookies")
    }
    let waiting = snapshot.map { snapshot in
      Int64(snapshot.connections.count { $0.state == .synReceived })
    }
    let longest = machine.setting("net.ipv4.tcp_max_syn_backlog")
    let now = waiting.map { "\(Count.text(Int($0))) unfinished handshake\(Count.plural(Int($0)))" }
    let dropped = machine.extended("TCPReqQFullDrop")
    let sent = machine.extended("SyncookiesSent")
    if let waiting, let now, let longest, Self.severity(waiting, of: longest) != .well {
      return Check(
        id: id, severity: .problem, title: title,
        detail: "\(now), tcp_max_syn_backlog is \(longest): a SYN flood, or lost replies",
        remedy: "see 'connreap stats --state syn-recv --by peer'"
          + (cookies == 0 ? "; " + Self.set("net.ipv4.tcp_syncookies", "1") : ""))
    }
    guard cookies != 0 else {
      return Check(
        id: id, severity: .warning, title: title,
        detail: "tcp_syncookies is 0: a SYN flood locks out all other clients"
          + (dropped.map { "; \(Count.text(Int($0))) requests dropped so far" } ?? ""),
        remedy: Self.set("net.ipv4.tcp_syncookies", "1"))
    }
    guard let now else { return Self.unknown(id, title, "the list of sockets") }
    guard let sent, let dropped else {
      return Check(
        id: id, severity: .note, title: title,
        detail: "\(now), tcp_syncookies is \(cookies); earlier drops unknown")
    }
    guard sent == 0, dropped == 0 else {
      return Check(
        id: id, severity: .note, title: title,
        detail: "\(now); SYN queues were full earlier: \(Count.text(Int(sent))) cookies sent, "
          + "\(Count.text(Int(dropped))) requests dropped")
    }
    return Check(
      id: id, severity: .well, title: title, detail: "\(now), tcp_syncookies is \(cookies)")
  }
}
