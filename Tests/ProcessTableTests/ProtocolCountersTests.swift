import ProcessTable
import SystemPackage
import TestSupport
import Testing

@Suite struct ProtocolCountersTests {
  private let tree = ProcTree()

  @Test func mibFilesAreParsed() throws {
    tree.file(
      "net/snmp",
      """
      Ip: Forwarding DefaultTTL
      Ip: 2 64
      Tcp: RtoAlgorithm MaxConn CurrEstab
      Tcp: 1 -1 9223372036854775807
      IcmpMsg: InType3
      IcmpMsg: 4

      """)
    let counters = try tree.files.counters(.snmp)
    #expect(counters["Tcp", "CurrEstab"] == .max)
    #expect(counters["Tcp", "MaxConn"] == -1)
    #expect(counters["Ip", "DefaultTTL"] == 64)
    #expect(counters["IcmpMsg", "InType3"] == 4)
    #expect(counters["Tcp", "NoSuch"] == nil && counters["Udp", "CurrEstab"] == nil)
  }

  @Test func sockstatIsParsed() throws {
    tree.file("net/sockstat", "sockets: used 18\nTCP: inuse 17 orphan 1 tw 0 alloc 19 mem 12\n")
    let counters = try tree.files.counters(.sockstat)
    #expect(counters["TCP", "orphan"] == 1 && counters["TCP", "mem"] == 12)
    #expect(counters["sockets", "used"] == 18)
    #expect(counters["TCP", "used"] == nil)
  }

  @Test(arguments: [
    "Tcp: A B\nTcp: 1\n", "Tcp: A\nUdp: 1\n", "Tcp: A\n", "Tcp: A\nTcp: one\n", "", "\n\n",
    "Tcp: A\nTcp: 99999999999999999999\n",
  ])
  func malformedContentIsUnknown(content: String) throws {
    tree.file("net/netstat", content)
    #expect(try tree.files.counters(.netstat)["Tcp", "A"] == nil)
  }

  @Test func missingFilesAreAnError() {
    #expect(
      throws: ProcessProblem.unreadable(tree.root.appending("net/snmp"), .noSuchFileOrDirectory)
    ) { try tree.files.counters(.snmp) }
  }

  @Test func settingsAreOneOrMoreNumbers() throws {
    tree.file("sys/net/ipv4/tcp_mem", "188736\t251648\t377472\n")
    tree.file("sys/net/ipv4/tcp_fin_timeout", "60\n")
    #expect(try tree.files.setting("net.ipv4.tcp_mem") == [188_736, 251_648, 377_472])
    #expect(try tree.files.setting("net.ipv4.tcp_fin_timeout") == [60])
  }

  @Test(arguments: ["", "cubic\n", "1 two\n"]) func nonNumericSettingsAreAnError(text: String) {
    tree.file("sys/net/ipv4/tcp_odd", text)
    #expect(throws: ProcessProblem.self) { try tree.files.setting("net.ipv4.tcp_odd") }
  }

  @Test func theRunningKernelHasAllCounters() throws {
    let files = ProcFileSystem()
    #expect(try files.counters(.snmp)["Tcp", "CurrEstab"] != nil)
    #expect(try files.counters(.sockstat)["TCP", "orphan"] != nil)
    #expect(try files.counters(.netstat)["TcpExt", "ListenDrops"] != nil)
    #expect(try files.setting("net.ipv4.tcp_mem").count == 3)
  }
}
