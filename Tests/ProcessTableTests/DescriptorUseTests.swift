import ProcessTable
import SystemPackage
import TestSupport
import Testing

@Suite struct DescriptorUseTests {
  private let tree = ProcTree()

  private func limits(_ pid: Int32, _ soft: String) {
    tree.file(
      "\(pid)/limits",
      """
      Limit                     Soft Limit           Hard Limit           Units
      Max cpu time              unlimited            unlimited            seconds
      Max open files            \(soft)                 524288               files

      """)
  }

  @Test func openDescriptorsAndSoftLimitAreRead() throws {
    tree.process(100, name: "java", links: [0: "/dev/null", 3: "socket:[11]"])
    limits(100, "1024")
    #expect(try tree.files.descriptorUse() == [DescriptorUse(pid: 100, open: 2, limit: 1024)])
    #expect(try tree.files.descriptorLimit(of: 100) == 1024)
  }

  @Test func processesWithoutAReadableLimitAreLeftOut() throws {
    tree.process(100, name: "free")
    limits(100, "unlimited")
    tree.process(101, name: "silent")
    tree.process(unreadable: 102, name: "closed")
    limits(102, "1024")
    #expect(try tree.files.descriptorUse().isEmpty)
    #expect(try tree.files.descriptorLimit(of: 100) == nil)
    #expect(throws: ProcessProblem.self) { try tree.files.descriptorLimit(of: 101) }
  }

  @Test(arguments: ["", "many", "-1"]) func malformedLimitsAreAnError(text: String) {
    limits(100, text)
    #expect(throws: ProcessProblem.malformed(tree.root.appending("100/limits"))) {
      try tree.files.descriptorLimit(of: 100)
    }
  }

  @Test func theRunningKernelReportsThisProcess() throws {
    let use = try ProcFileSystem().descriptorUse()
    #expect(use.contains { $0.open > 2 && $0.limit >= $0.open })
  }

  @Test func ephemeralPortsExcludeReservedPorts() throws {
    tree.file("sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    let plain = try tree.files.ephemeralPorts()
    #expect(plain.range == 32768...60999 && plain.available == 28_232)
    tree.file("sys/net/ipv4/ip_local_reserved_ports", "8080,32768,40000-40009,40005-40010\n")
    #expect(try tree.files.ephemeralPorts().available == 28_232 - 12)
  }

  @Test(arguments: ["", "60999 32768\n", "1 70000\n", "a b\n"])
  func malformedRangesAreAnError(text: String) {
    tree.file("sys/net/ipv4/ip_local_port_range", text)
    #expect(throws: ProcessProblem.self) { try tree.files.ephemeralPorts() }
  }

  @Test(arguments: ["a\n", "5-3\n", "1-2-3\n", "70000\n"])
  func malformedReservedPortsAreAnError(text: String) {
    tree.file("sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    tree.file("sys/net/ipv4/ip_local_reserved_ports", text)
    #expect(throws: ProcessProblem.self) { try tree.files.ephemeralPorts() }
  }
}
