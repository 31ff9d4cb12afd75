import Connections
import Glibc
import Operations
import Rendering

extension Health {
  /// Sockets that no program holds, whose connections the kernel ends.
  package var orphans: Check {
    let harm = "above the limit, the kernel resets connections that programs have closed"
    return limit(
      "orphans", "orphans", used: machine.sockets("orphan"), setting: "net.ipv4.tcp_max_orphans",
      harm: harm
    ) { limit in
      // 0 means 8. A value of 1 must not be raised to 2.
      let retries = machine.setting("net.ipv4.tcp_orphan_retries") ?? 0
      return "see 'connreap stats --state fin-wait-1,fin-wait-2,last-ack --by peer'; "
        + (retries == 0 || retries > 2
          ? Self.set("net.ipv4.tcp_orphan_retries", "2") + "; or " : "")
        + Self.set("net.ipv4.tcp_max_orphans", Self.twice(limit))
    }
  }

  /// Memory of socket buffers, compared with the three limits of `tcp_mem`, in pages.
  package var memory: Check {
    let (id, title, setting) = ("tcp-memory", "TCP memory", "net.ipv4.tcp_mem")
    guard let used = machine.sockets("mem") else {
      return Self.unknown(id, title, "the amount in use")
    }
    guard let limits = machine.settings(setting), limits.count == 3 else {
      return Self.unknown(id, title, setting)
    }
    let bytes = UInt64(clamping: used) &* UInt64(getpagesize())
    let text = "\(Self.share(used, of: limits[2])) pages, \(Count.bytes(bytes)) bytes, \(setting)"
    let severity: Check.Severity
    let harm: String
    if used >= limits[2] {
      severity = .problem
      harm = "at the limit: segments are dropped and connections reset"
    } else if used >= limits[1] {
      severity = .warning
      harm = "under pressure above \(Count.text(Int(limits[1]))): buffers and windows shrink"
    } else {
      return Check(id: id, severity: .well, title: title, detail: text)
    }
    return Check(
      id: id, severity: severity, title: title, detail: "\(text): \(harm)",
      remedy:
        "find the fullest queues with 'connreap list --sort recv-queue:desc --limit 10', and send-queue; "
        + Self.set(setting, limits.map(Self.twice).joined(separator: " ")))
  }
}
