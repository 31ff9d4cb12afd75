import Connections
import DescriptorActions
import Netlink
import ProcessTable
import Reaping
import Scanning
import Selection
import TestSupport

/// A fake kernel, a fake `/proc`, and plans on them.
struct Scene {
  let kernel: FakeKernel
  let tree = ProcTree()

  init(_ sockets: [FakeSocket]) {
    kernel = FakeKernel(sockets)
  }

  /// Connections to port 8080 with cookies 1 to `count`, all held by java[100]. The first is idle the
  /// longest.
  static func connections(_ count: Int) -> Scene {
    let scene = Scene(
      (1...count).map { number in
        FakeSocket(cookie: UInt64(number), inode: UInt32(10 + number)) {
          $0.peerPort = UInt16(40_000 + number)
          $0.info = .idle(UInt32(100_000 - number))
        }
      })
    scene.tree.process(100, name: "java")
    for number in 1...count {
      scene.tree.link("100/fd/\(number)", to: "socket:[\(10 + number)]")
    }
    return scene
  }

  func snapshot(_ predicate: SelectionPredicate = .everything) throws -> Snapshot {
    try Scanner(processes: tree.files, threads: 1) { kernel.open() }.scan(
      ScanRequest(predicate.limitedToDefaultStates(), reading: [.figures, .owners]),
      at: ScanMoment(bootID: "b", networkNamespace: 1, uptime: nil, kernelRelease: nil))
  }

  /// Guards for a caller without ancestors, which spare no ordinary connection.
  static func guards(
    caller: Caller = Caller(
      process: ProcessIdentity(pid: 9000, startTicks: nil), ancestors: []),
    namedStates: TCPStateSet = [], unprotected: Set<String> = [], machineInit: Int32? = 1,
    method: ClosingMethod = .destroy, onlyUser: UInt32? = nil
  ) -> Guards {
    Guards(
      caller: caller, namedStates: namedStates, unprotected: unprotected, machineInit: machineInit,
      method: method, onlyUser: onlyUser)
  }

  func plan(
    _ predicate: SelectionPredicate = .everything, guards: Guards = Scene.guards()
  ) throws -> Plan {
    Plan(closing: try snapshot(predicate), guardedBy: guards)
  }

  /// The results of `plan`, by cookie.
  func carryOut(
    _ plan: Plan, isStillSelected: @escaping (Plan.Step, Connection) -> Bool = { _, _ in true }
  ) throws -> [UInt64: Outcome.Result] {
    let reaper = Reaper(uptime: { nil }) { kernel.open() }
    let outcomes = try reaper.carryOut(plan, isStillSelected: isStillSelected)
    return Dictionary(
      uniqueKeysWithValues: outcomes.map { ($0.step.connection.cookie.rawValue, $0.result) })
  }
}

extension Reaper {
  /// A reaper for plans of a single network namespace.
  init(
    uptime: @escaping () -> UInt64?,
    through descriptors: any DescriptorAccess = ProcessDescriptors(),
    raising: @escaping (() -> Void) -> Void = { $0() },
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.init(uptime: uptime, through: descriptors, raising: raising) {
      (_: UInt16) throws(NetlinkProblem) in try openTransport()
    }
  }

  /// Carries out `plan` without rereading owners, with rules that only ask `isStillSelected`.
  ///
  /// - Parameter reasonToStop: called before each closing.
  func carryOut(
    _ plan: Plan, isPaced: @escaping (Plan.Step) -> Bool = { _ in false },
    isStillSelected: @escaping (Plan.Step, Connection) -> Bool,
    announcing: @escaping (ArraySlice<Plan.Step>) -> StopReason? = { _ in nil },
    reasonToStop: @escaping (Plan.Step) -> StopReason? = { _ in nil }
  ) throws(NetlinkProblem) -> [Outcome] {
    // The highest rate never waits.
    let pace = ClosingPace(
      rate: { isPaced($0) ? .max : nil }, elapsed: { .zero }, sleep: { _ in },
      interruption: reasonToStop)
    return try carryOut(
      plan,
      supervisedBy: ClosingSupervisor(
        rules: { FakeRules(isStillSelected: isStillSelected) }, owners: SameOwners(), pace: pace,
        announcing: { steps, _, _ in announcing(steps) })
    ).outcomes
  }
}

/// Rules that ask one question. A test uses them on one thread.
private struct FakeRules: ClosingRules, @unchecked Sendable {
  let isStillSelected: (Plan.Step, Connection) -> Bool

  func reasonToSpare(_ step: Plan.Step, now: Connection, in snapshot: Snapshot) -> SpareReason? {
    isStillSelected(step, now) ? nil : .changed(to: now.state)
  }

  let needsFigures = true

  func mayAffect(_ process: OwnerProcess) -> Bool { false }

  var relevantDetails: OwnerDetails { [] }
}

/// Owners that never change.
private struct SameOwners: OwnerLookup {
  func rereadOwners(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
    refresh.snapshot
  }
}
