package import Connections
import Netlink
package import Presentation
import ProcessTable
package import Scanning
import Selection
package import TestSupport

/// A fake machine with sockets and processes.
package struct StatsScene {
  package let kernel: FakeKernel
  package let tree = ProcTree()

  package init(_ sockets: [FakeSocket]) {
    kernel = FakeKernel(sockets)
    tree.process(9999, name: "bystander")
  }

  package func snapshot(by grouping: Grouping) throws -> Snapshot {
    try snapshot(reading: grouping.details(knowsOwners: true))
  }

  package func snapshot(reading details: ScanRequest.Details) throws -> Snapshot {
    let scanner = Scanner(processes: tree.files, threads: 1) { [kernel] in kernel.open() }
    let moment = ScanMoment(
      bootID: "b", networkNamespace: 4711, uptime: 1 << 40, kernelRelease: "6.18")
    return try scanner.scan(ScanRequest(.everything, reading: details), at: moment)
  }

  package func groups(by grouping: Grouping) throws -> [ConnectionGroup] {
    ConnectionGroup.groups(
      of: try snapshot(by: grouping), by: grouping, names: SystemNumbers(resolvesNames: false))
  }

  /// `label count` of each group.
  package func counts(by grouping: Grouping) throws -> [String] {
    try groups(by: grouping).map { "\($0.label) \($0.figures.count)" }
  }
}
