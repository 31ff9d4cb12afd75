import ProcessTable
import Scanning

/// What the kernel itself counts of TCP, to be seen beside what it lists. What could not be read
/// is nil.
struct KernelFigures: Equatable {
  /// ESTABLISHED and CLOSE_WAIT in this network namespace (`tcpCurrEstab` of RFC 4022).
  var established: Int64?
  /// Sockets of this network namespace that are neither in TIME_WAIT nor closed.
  var inUse: Int64?
  /// The same of IPv6.
  var inUseIPv6: Int64?
  /// In TIME_WAIT in this network namespace.
  var timeWait: Int64?
  /// That no program holds any more, of the whole machine.
  var orphans: Int64?
  /// Allocated, of the whole machine.
  var allocated: Int64?
  /// Pages of memory in buffers, of the whole machine.
  var memoryPages: Int64?

  /// What `processes`, a `/proc`, says; nil when it says nothing of it.
  init?(_ processes: ProcFileSystem) {
    let snmp = try? processes.counters(.snmp)
    let sockstat = try? processes.counters(.sockstat)
    let sockstat6 = try? processes.counters(.sockstat6)
    guard snmp != nil || sockstat != nil else { return nil }
    established = snmp?["Tcp", "CurrEstab"]
    inUse = sockstat?["TCP", "inuse"]
    inUseIPv6 = sockstat6?["TCP6", "inuse"]
    timeWait = sockstat?["TCP", "tw"]
    orphans = sockstat?["TCP", "orphan"]
    allocated = sockstat?["TCP", "alloc"]
    memoryPages = sockstat?["TCP", "mem"]
  }

  /// One line; `listed` is how many the dump has in ESTABLISHED and CLOSE_WAIT, nil when those are
  /// not all that there are.
  func line(listed: Int?) -> String {
    var parts: [String] = []
    func add(_ value: Int64?, _ text: (String) -> String) {
      if let value { parts.append(text(Count.text(Int(value)))) }
    }
    add(established) { count in
      guard let listed else { return "CurrEstab \(count)" }
      let difference = Count.difference(listed - Int(established ?? 0))
      return "CurrEstab \(count) (listed in ESTAB and CLOSE-WAIT: \(difference ?? "the same"))"
    }
    add(timeWait) { "\($0) in TIME-WAIT" }
    add(orphans) { "\($0) orphan\(Count.plural(Int(orphans ?? 0)))" }
    add(memoryPages) { "\($0) page\(Count.plural(Int(memoryPages ?? 0))) of buffers" }
    return "The kernel counts: " + parts.joined(separator: ", ")
  }

  func write(to json: inout JSONWriter) {
    json.object("kernel") { json in
      json.member(signed: "curr_estab", established)
      json.member(signed: "in_use", inUse)
      json.member(signed: "in_use_ipv6", inUseIPv6)
      json.member(signed: "time_wait", timeWait)
      json.member(signed: "orphans", orphans)
      json.member(signed: "allocated", allocated)
      json.member(signed: "memory_pages", memoryPages)
    }
  }
}
