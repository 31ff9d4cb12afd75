import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// The kernel's counters in one network namespace and in several.
@Suite struct KernelCountersTests {
  private func figures(established: Int, timeWait: Int, orphans: Int = 4) -> KernelCounters? {
    let tree = ProcTree()
    tree.file("net/snmp", "Tcp: RtoMin CurrEstab\nTcp: 200 \(established)\n")
    tree.file(
      "net/sockstat", "TCP: inuse 9 orphan \(orphans) tw \(timeWait) alloc 21 mem 247\n")
    tree.file("net/sockstat6", "TCP6: inuse 2\n")
    return KernelCounters(tree.files)
  }

  @Test func everyCounterIsRead() throws {
    let figures = try #require(self.figures(established: 14, timeWait: 3))
    #expect(figures.established == 14 && figures.timeWait == 3 && figures.orphans == 4)
    #expect(figures.inUse == 9 && figures.inUseIPv6 == 2)
    #expect(figures.allocated == 21 && figures.memoryPages == 247)
    #expect(KernelCounters(ProcTree().files) == nil, "there is nothing to read")
  }

  @Test func onlyCountersOfNamespacesAreSummed() throws {
    let parts = [figures(established: 14, timeWait: 3), figures(established: 6, timeWait: 30)]
    let sum = try #require(KernelCounters(sumOf: parts))
    #expect(sum.established == 20 && sum.timeWait == 33)
    #expect(sum.inUse == 18 && sum.inUseIPv6 == 4)
    #expect(sum.orphans == 4 && sum.allocated == 21 && sum.memoryPages == 247)
  }

  /// A sum that omits a namespace would look like a difference from the listed sockets.
  @Test func theSumIsUnknownIfANamespaceIs() throws {
    let sum = try #require(
      KernelCounters(sumOf: [figures(established: 14, timeWait: 3), nil]))
    #expect(sum.established == nil && sum.timeWait == nil && sum.inUse == nil)
    #expect(sum.orphans == 4, "the machine is the same")
    #expect(
      sum.text(listed: 14)
        == "The kernel counts: CurrEstab unknown, unknown in TIME-WAIT\n"
        + "On the whole machine: 4 orphans, 247 pages of buffers")
    #expect(KernelCounters(sumOf: [nil, nil]) == nil && KernelCounters(sumOf: []) == nil)
  }

  @Test func onlyCountersThatDifferAreShown() throws {
    let figures = try #require(self.figures(established: 14, timeWait: 3))
    func lines(_ established: Int?, _ timeWait: Int?) -> [String] {
      figures.lines(established: established, timeWait: timeWait, showsAll: false)
    }
    #expect(lines(14, 3) == [] && lines(nil, nil) == [], "equal, or not comparable")
    #expect(
      lines(16, 1) == [
        "The kernel counts 14 in ESTAB and CLOSE-WAIT (CurrEstab), 2 fewer than listed.",
        "The kernel counts 3 in TIME-WAIT, 2 more than listed.",
      ])
    #expect(figures.lines(established: 14, timeWait: 3, showsAll: true).count == 2)
  }

  @Test func aDifferenceFromTheListedSocketsIsShown() throws {
    let figures = try #require(self.figures(established: 14, timeWait: 3, orphans: 1))
    #expect(
      figures.text(listed: 16)
        == "The kernel counts: CurrEstab 14 (listed: +2), 3 in TIME-WAIT\n"
        + "On the whole machine: 1 orphan, 247 pages of buffers")
    #expect(figures.text(listed: 14).contains("CurrEstab 14 (listed: the same)"))
    #expect(!figures.text(listed: nil).contains("listed"), "a selection cannot be compared")
  }
}
