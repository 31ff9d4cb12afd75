import Connections
import Netlink
import Privileges
import ProcessTable
import Reaping
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Operations

/// What must hold before connections are closed, and in which namespace they are.
@Suite struct ClosingPermissionTests {
  private static let nothing = HeldCapabilities(effective: [], permitted: [])
  private static let all = HeldCapabilities(effective: [], permitted: .all)

  private func plan(
    _ system: LiveSystem, _ method: ClosingMethod = .destroy, _ decision: Plan.Decision = .close
  ) throws -> Plan {
    let snapshot = try system.scan(ScanRequest(.everything, reading: []))
    return Plan(
      snapshot.connections.map {
        Plan.Step(connection: $0, decision: decision, method: method)
      }, from: snapshot)
  }

  private func failure(
    _ kernel: FakeKernel, _ method: ClosingMethod = .destroy, _ decision: Plan.Decision = .close,
    held: HeldCapabilities?
  ) throws -> CommandFailure? {
    let source = FakeSystem.source(kernel)
    let system = LiveSystem(source, ExaminedNamespaces(currentOf: source))
    let permission = ClosingPermission(for: system) { () throws(PrivilegeProblem) in
      guard let held else { throw .capabilitiesUnreadable(.notPermitted) }
      return held
    }
    let steps = try plan(system, method, decision).steps
    do throws(CommandFailure) {
      try permission.require(steps)
      return nil
    } catch {
      return error
    }
  }

  @Test func destroyingNeedsTheCapability() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1), FakeSocket(cookie: 2)])
    let failure = try #require(try failure(kernel, held: Self.nothing))
    #expect(failure.status == .permission)
    #expect(failure.message == "cannot close 2 connections: operation not permitted")
    #expect(failure.remedy?.contains("CAP_NET_ADMIN") == true)
    #expect(kernel.destroyRequests.isEmpty)
  }

  @Test func unreadableCapabilitiesCloseNothing() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    #expect(try failure(kernel, held: nil)?.status == .failed)
    #expect(kernel.destroyRequests.isEmpty)
  }

  @Test func theKernelIsProbedWithoutDestroyingAnything() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    #expect(try failure(kernel, held: Self.all) == nil)
    #expect(kernel.destroyRequests == [UInt64(Int64.max)])
    #expect(kernel.destroyed.isEmpty)
  }

  @Test func aKernelThatCannotDestroyIsUnavailable() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    kernel.refuseDestroy = { _, _ in 95 }
    let failure = try #require(try failure(kernel, held: Self.all))
    #expect(failure.status == .unavailable)
    #expect(failure.remedy?.hasPrefix("--method shutdown") == true)
  }

  @Test func descriptorsNeedCapabilitiesOnlyWhereNoOwnerIsSeen() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    let hidden = try #require(
      try failure(kernel, .shutdown, .spare(.ownerUnknown), held: Self.nothing))
    #expect(hidden.status == .permission)
    #expect(hidden.remedy?.contains("CAP_SYS_PTRACE") == true)
    #expect(try failure(kernel, .shutdown, held: Self.nothing) == nil)
    #expect(kernel.destroyRequests.isEmpty)
  }

  @Test func connectionsAreClosedInTheNamespaceOfThePlan() throws {
    let kernels = [FakeKernel([FakeSocket(cookie: 10)]), FakeKernel([FakeSocket(cookie: 20)])]
    let (own, other) = (FakeSystem.namespace(1, kernels[0]), FakeSystem.namespace(2, kernels[1]))
    let plan = try plan(FakeSystem.system([own, other]))
    // The namespaces were listed again since, and in another order.
    let system = FakeSystem.system([FakeSystem.closedNamespace(3), other, own])
    let result = try carryOut(plan, on: system)
    #expect(result.outcomes.map(\.result) == [.closed, .closed])
    #expect(kernels.map(\.destroyed) == [[10], [20]])
  }

  @Test func nothingIsClosedWhenANamespaceIsGone() throws {
    let kernels = [FakeKernel([FakeSocket(cookie: 10)]), FakeKernel([FakeSocket(cookie: 20)])]
    let (own, other) = (FakeSystem.namespace(1, kernels[0]), FakeSystem.namespace(2, kernels[1]))
    let plan = try plan(FakeSystem.system([own, other]))
    let failure = try #require(throws: CommandFailure.self) {
      try carryOut(plan, on: FakeSystem.system([own]))
    }
    #expect(failure.status == .failed)
    #expect(failure.message?.hasPrefix("nothing was closed: ") == true)
    #expect(kernels.map(\.destroyRequests) == [[], []])
  }

  private func carryOut(_ plan: Plan, on system: LiveSystem) throws -> ClosingResult {
    try ClosingPermission(for: system).carryOut(
      plan,
      supervisedBy: ClosingSupervisor(
        rules: { NoRules() }, owners: SameOwners(),
        pace: ClosingPace(elapsed: { .zero }, sleep: { _ in })))
  }
}

/// Rules that spare nothing.
private struct NoRules: ClosingRules {
  func reasonToSpare(_ step: Plan.Step, now: Connection, in snapshot: Snapshot) -> SpareReason? {
    nil
  }

  let needsFigures = false

  func mayAffect(_ process: OwnerProcess) -> Bool { false }

  var relevantDetails: OwnerDetails { [] }
}

private struct SameOwners: OwnerLookup {
  func rereadOwners(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
    refresh.snapshot
  }
}
