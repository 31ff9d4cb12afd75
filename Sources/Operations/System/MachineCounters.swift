package import ProcessTable

/// Settings and counters of one machine, from its `/proc`. Nil where they cannot be read.
package struct MachineCounters {
  package let processes: ProcFileSystem
  private let snmp: ProtocolCounters?
  private let netstat: ProtocolCounters?
  private let sockstat: ProtocolCounters?

  /// - Parameter counters: the `/proc` with the counters of the network namespace; nil for
  ///   `processes`.
  package init(_ processes: ProcFileSystem, counters: ProcFileSystem? = nil) {
    self.processes = processes
    let counters = counters ?? processes
    snmp = try? counters.counters(.snmp)
    netstat = try? counters.counters(.netstat)
    sockstat = try? counters.counters(.sockstat)
  }

  /// The first number of a setting.
  package func setting(_ name: String) -> Int64? { settings(name)?.first }

  /// All numbers of a setting.
  package func settings(_ name: String) -> [Int64]? { try? processes.setting(name) }

  /// A counter of `/proc/net/netstat`.
  package func extended(_ name: String) -> Int64? { netstat?["TcpExt", name] }

  /// A counter of `/proc/net/snmp`.
  package func counter(_ name: String) -> Int64? { snmp?["Tcp", name] }

  /// A counter of `/proc/net/sockstat`.
  package func sockets(_ name: String) -> Int64? { sockstat?["TCP", name] }
}
