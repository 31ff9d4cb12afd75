import Connections
import Glibc
import Operations
import Rendering

extension Health {
  /// Sockets that no program holds any more, whose connection the kernel finishes.
  package var orphans: Check {
    let harm = "beyond it the kernel resets connections that programs have closed"
    return limit(
      "orphans", "orphans", used: machine.sockets("orphan"), setting: "net.ipv4.tcp_max_orphans",
      harm: harm
    ) { limit in
      // 0 is 8 in truth; less than 2 is not to be made more.
      let retries = machine.setting("net.ipv4.tcp_orphan_retries") ?? 0
      return "look at 'connreap stats --state fin-wait-1,fin-wait-2,last-ack --by peer'; "
        + (retries == 0 || retries > 2
          ? Self.set("net.ipv4.tcp_orphan_retries", "2") + "; or " : "")
        + Self.set("net.ipv4.tcp_max_orphans", Self.twice(limit))
    }
  }

  /// Memory in buffers, in pages, against the three limits of `tcp_mem`.
  package var memory: Check {
    let (id, title, setting) = ("tcp-memory", "TCP memory", "net.ipv4.tcp_mem")
    guard let used = machine.sockets("mem") else {
      return Self.unknown(id, title, "how much is used")
    }
    guard let limits = machine.settings(setting), limits.count == 3 else {
      return Self.unknown(id, title, setting)
    }
    let bytes = UInt64(clamping: used) &* UInt64(getpagesize())
    let text = "\(Self.share(used, of: limits[2])) pages, \(Count.bytes(bytes))B, \(setting)"
    let severity: Check.Severity
    let harm: String
    if used >= limits[2] {
      severity = .problem
      harm = "at the limit: segments are dropped and connections reset"
    } else if used >= limits[1] {
      severity = .warning
      harm = "under pressure from \(Count.text(Int(limits[1]))) on: buffers and windows shrink"
    } else {
      return Check(id: id, severity: .well, title: title, detail: text)
    }
    return Check(
      id: id, severity: severity, title: title, detail: "\(text): \(harm)",
      remedy: "see who fills them: 'connreap list --sort recv-q:desc --limit 10', and send-q; "
        + Self.set(setting, limits.map(Self.twice).joined(separator: " ")))
  }
}
