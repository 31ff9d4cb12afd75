import Benchmark
import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SocketDiagnostics
import SystemPackage

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Benchmarks of the steps that run for each row, with 10,000 rows each.
let benchmarks: @Sendable () -> Void = {
  // Allows a machine that is 2.5 times slower than the one that measured the thresholds.
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], timeUnits: .microseconds, warmupIterations: 3,
    maxDuration: .seconds(3), maxIterations: 400,
    thresholds: [.wallClock: BenchmarkThresholds(relative: [.p90: 150])])

  Benchmark("row-decoding") { benchmark, scene in
    for _ in benchmark.scaledIterations {
      var diagnostics = TCPDiagnostics(over: ReadyKernel(scene.datagrams), uptime: nil)
      var count = 0
      _ = try diagnostics.dump(
        DumpRequest(family: .ipv4, states: .shownByDefault, details: .figures)
      ) { row in
        count += 1
        blackHole(row.idle)
      }
      precondition(count == Scene.count)
    }
  } setup: {
    try Scene()
  }

  Benchmark("owner-join") { benchmark, scene in
    for _ in benchmark.scaledIterations {
      let table = OwnerTable(holders: scene.holders, gaps: [], isPruned: false)
      for row in scene.snapshot.connections { blackHole(table.holdings(of: row.inode).count) }
    }
  } setup: {
    try Scene()
  }

  Benchmark("evaluation") { benchmark, scene in
    let selection = PreparedSelection(
      try SelectionFilter.parse(
        "( established or close-wait ) idle > 30s recv-queue > 0 and not process = sshd"
          + " and ( port 8000-8020 or host 127.1.0.0/28 )", names: SystemNames()))
    for _ in benchmark.scaledIterations {
      for row in scene.snapshot.connections {
        blackHole(selection.verdict(of: row, owners: scene.snapshot.ownerFacts(of: row)))
      }
    }
  } setup: {
    try Scene()
  }

  for format in ["table", "csv", "json"] {
    Benchmark("rendering-\(format)") { benchmark, scene in
      let sink = try FileDescriptor.open("/dev/null", .writeOnly)
      defer { try? sink.close() }
      let rows = scene.snapshot.connections
      let list = ConnectionList(
        connections: OrderedConnections(
          rows: rows, places: Array(0..<UInt32(rows.count))[...]),
        text: ConnectionText(
          snapshot: scene.snapshot, names: SystemNumbers(resolvesNames: false)))
      for _ in benchmark.scaledIterations {
        var stream = OutputStream(sink)
        switch format {
        case "table": try list.printTable(ConnectionColumn.table, Table.Layout(), to: &stream)
        case "csv": try list.printCSV(ConnectionColumn.csv, showsHeader: true, to: &stream)
        default: try list.printJSONLines(to: &stream)
        }
        try stream.flush()
      }
    } setup: {
      try Scene()
    }
  }
}
