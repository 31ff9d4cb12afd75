import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import TestSupport

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// A fake machine with sockets and processes.
struct StatsScene {
  let kernel: FakeKernel
  let tree = ProcTree()

  init(_ sockets: [FakeSocket]) {
    kernel = FakeKernel(sockets)
    tree.process(9999, name: "bystander")
  }

  func snapshot(by grouping: Grouping) throws -> Snapshot {
    let scanner = Scanner(processes: tree.files, threads: 1) { [kernel] in kernel.open() }
    let moment = ScanMoment(
      bootID: "b", networkNamespace: 4711, uptime: 1 << 40, kernelRelease: "6.18")
    return try scanner.scan(
      ScanRequest(.everything, reading: grouping.details(knowsOwners: true)), at: moment)
  }

  func groups(by grouping: Grouping) throws -> [ConnectionGroup] {
    ConnectionGroup.groups(
      of: try snapshot(by: grouping), by: grouping, names: SystemNumbers(resolvesNames: false))
  }

  /// `label count` of each group.
  func counts(by grouping: Grouping) throws -> [String] {
    try groups(by: grouping).map { "\($0.label) \($0.figures.count)" }
  }

  func report(by grouping: Grouping? = nil) throws -> StatsReport {
    StatsReport(
      tally: Tally(try snapshot(by: grouping ?? .state)),
      groups: try grouping.map { try groups(by: $0) }, grouping: grouping, kernel: nil,
      countsAllEstablished: true)
  }
}
