package import ProcessTable
package import Rendering
import Scanning

/// The kernel's own TCP counters in the examined network namespaces, to compare with what it lists.
/// Values that could not be read are nil.
package struct KernelCounters: Equatable {
  /// ESTABLISHED and CLOSE_WAIT (`tcpCurrEstab` of RFC 4022).
  package var established: Int64?
  /// Sockets that are neither in TIME_WAIT nor CLOSE.
  package var inUse: Int64?
  /// ``inUse`` for IPv6.
  package var inUseIPv6: Int64?
  /// Sockets in TIME_WAIT.
  package var timeWait: Int64?
  /// Sockets that no program holds any more, on the whole machine.
  package var orphans: Int64?
  /// Allocated sockets, on the whole machine.
  package var allocated: Int64?
  /// Memory pages in buffers, on the whole machine.
  package var memoryPages: Int64?

  /// Reads the counters of the network namespace of `processes`; nil if there are none.
  package init?(_ processes: ProcFileSystem) {
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

  /// The sum over several namespaces, with nil for those that have no counters. A sum with an
  /// unknown part is unknown. Any of them has the counters of the whole machine.
  package init?(sumOf parts: [KernelCounters?]) {
    guard let machine = parts.lazy.compactMap({ $0 }).first else { return nil }
    func sum(_ figure: KeyPath<KernelCounters, Int64?>) -> Int64? {
      .sum(ofKnown: parts.map { $0?[keyPath: figure] })
    }
    established = sum(\.established)
    inUse = sum(\.inUse)
    inUseIPv6 = sum(\.inUseIPv6)
    timeWait = sum(\.timeWait)
    (orphans, allocated, memoryPages) = (machine.orphans, machine.allocated, machine.memoryPages)
  }

  /// A line for each counter that differs from the number of listed sockets, which is nil if not all
  /// of them are listed. If `showsAll`, the lines of ``text(listed:)``.
  package func lines(established listed: Int?, timeWait: Int?, showsAll: Bool) -> [String] {
    guard !showsAll else { return text(listed: listed).split(separator: "\n").map(String.init) }
    return [
      Self.difference(established, from: listed, "in ESTAB and CLOSE-WAIT (CurrEstab)"),
      Self.difference(self.timeWait, from: timeWait, "in TIME-WAIT"),
    ].compactMap { $0 }
  }

  /// `The kernel counts 16 in TIME-WAIT, 2 more than listed.`
  private static func difference(_ figure: Int64?, from listed: Int?, _ what: String) -> String? {
    guard let figure, let listed, Int(figure) != listed else { return nil }
    let difference = Int(figure) - listed
    return "The kernel counts \(Count.text(Int(figure))) \(what), \(Count.text(abs(difference))) "
      + "\(difference < 0 ? "fewer" : "more") than listed."
  }

  /// Two lines; the second covers the whole machine.
  ///
  /// - Parameter listed: how many sockets the dump has in ESTABLISHED and CLOSE_WAIT; nil if it
  ///   does not have all of them.
  package func text(listed: Int?) -> String {
    var current = "CurrEstab " + Self.text(established)
    if let established, let listed {
      current += " (listed: \(Count.difference(listed - Int(established)) ?? "the same"))"
    }
    let orphans = "\(Self.text(orphans)) orphan\(self.orphans == 1 ? "" : "s")"
    let pages = "\(Self.text(memoryPages)) page\(memoryPages == 1 ? "" : "s") of buffers"
    return "The kernel counts: \(current), \(Self.text(timeWait)) in TIME-WAIT\n"
      + "On the whole machine: \(orphans), \(pages)"
  }

  private static func text(_ figure: Int64?) -> String {
    figure.map { Count.text(Int($0)) } ?? "unknown"
  }

  package func write(to json: inout JSONWriter) {
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
