import Connections
import Testing

@Suite("Connections")
struct ConnectionTests {
  @Test("A connection takes 136 bytes")
  func size() {
    #expect(MemoryLayout<Connection>.stride == 136)
  }

  @Test("0 and the wildcard are not cookies", arguments: [0, .max] as [UInt64])
  func noCookies(rawValue: UInt64) {
    #expect(SocketCookie(rawValue: rawValue) == nil)
  }

  @Test(
    "Every other number is a cookie",
    arguments: [
      (1, "0x1"), (0x2a6d76, "0x2a6d76"), (.max - 1, "0xfffffffffffffffe"),
      (0xffff_ffff, "0xffffffff"), (0xffff_ffff_0000_0000, "0xffffffff00000000"),
    ] as [(UInt64, String)])
  func cookies(rawValue: UInt64, text: String) throws {
    let cookie = try #require(SocketCookie(rawValue: rawValue))
    #expect(cookie.rawValue == rawValue)
    #expect(cookie.description == text)
  }

  @Test("The endpoints come from the identity and have the socket's family")
  func ends() throws {
    let mapped = try #require(IPAddress(text: "::ffff:10.0.0.5"))
    let identity = SocketIdentity(
      local: Endpoint(address: mapped, port: 1), peer: Endpoint(address: mapped, port: 2),
      family: .ipv6, interface: 3, cookie: try #require(SocketCookie(rawValue: 9)))
    #expect(identity.local == Endpoint(address: mapped, port: 1))
    #expect(identity.peer.description == "10.0.0.5:2")
    let row = Connection.row()
    #expect(row.local.description == "10.0.0.5:8080")
    #expect(row.peer.description == "10.0.0.9:51690")
    #expect(row.cookie.rawValue == 0x2a6d76)
  }

  @Test("The uid of a socket without an inode is unknown, not root")
  func userID() {
    #expect(Connection.row(inode: 0, userID: 0).userID == nil)
    #expect(Connection.row(.timeWait, inode: 0, userID: 0).userID == nil)
    #expect(Connection.row(inode: 7, userID: 0).userID == 0)
    #expect(Connection.row(inode: 7, userID: 1000).userID == 1000)
  }

  @Test("A mark or cgroup that the kernel did not report is unknown, not 0")
  func optionals() {
    #expect(Connection.row().mark == nil)
    #expect(Connection.row(mark: 0).mark == 0)
    #expect(Connection.row(mark: 5).mark == 5)
    #expect(Connection.row(mark: 5).cgroupID == nil)
    #expect(Connection.row(cgroupID: 0).cgroupID == 0)
    #expect(Connection.row(cgroupID: 81).mark == nil)
    #expect(!Connection.row(mark: 5, cgroupID: 81).isMPTCPSubflow)
    #expect(Connection.row(isMPTCPSubflow: true).isMPTCPSubflow)
  }

  @Test("A listener has no figures, even if the kernel sent some")
  func listener() {
    let figures = TCPFigures(sent: 1, received: 2, acknowledged: 3)
    #expect(Connection.row(.listen, figures: figures).tcp == nil)
    #expect(Connection.row(.closeWait, figures: figures).tcp == figures)
    #expect(Connection.row(.closeWait).tcp == nil)
  }

  @Test(
    "The meaning of inode 0 depends on the state",
    arguments: [
      (.established, .inAcceptQueue), (.closeWait, .inAcceptQueue), (.timeWait, .minisocket),
      (.synReceived, .minisocket), (.newSynReceived, .minisocket), (.finWait1, .orphan),
      (.finWait2, .orphan), (.lastAck, .orphan), (.closing, .orphan),
    ] as [(TCPState, Ownerless)])
  func ownerless(state: TCPState, expected: Ownerless) {
    #expect(Connection.row(state, inode: 0).ownerless == expected)
    #expect(Connection.row(state, inode: 1).ownerless == nil)
  }

  @Test("A figure is unknown until it is set; 0 is a value")
  func figures() {
    func check<Value: Equatable & ExpressibleByIntegerLiteral>(
      _ path: WritableKeyPath<TCPFigures, Value?>
    ) {
      var figures = TCPFigures()
      #expect(figures[keyPath: path] == nil)
      #expect(figures.isEmpty)
      figures[keyPath: path] = 0
      #expect(figures[keyPath: path] == 0)
      #expect(!figures.isEmpty)
      #expect(figures != TCPFigures())
      figures[keyPath: path] = 7
      #expect(figures[keyPath: path] == 7)
      figures[keyPath: path] = nil
      #expect(figures == TCPFigures())
    }
    check(\.lastSent)
    check(\.lastReceived)
    check(\.lastAcknowledged)
    check(\.roundTripMicroseconds)
    check(\.congestionWindow)
    check(\.unacknowledged)
    check(\.totalRetransmits)
    check(\.bytesAcknowledged)
    check(\.bytesReceived)
  }

  @Test("Figures are stored independently")
  func figuresApart() {
    var figures = TCPFigures(sent: 1, received: 2, acknowledged: 3, unacknowledged: 4)
    figures.roundTripMicroseconds = 5
    figures.congestionWindow = 6
    figures.bytesAcknowledged = 1 << 40
    figures.bytesReceived = 1 << 41
    figures.totalRetransmits = 7
    let words = [
      figures.lastSent, figures.lastReceived, figures.lastAcknowledged, figures.unacknowledged,
      figures.roundTripMicroseconds, figures.congestionWindow, figures.totalRetransmits,
    ]
    #expect(words == [1, 2, 3, 4, 5, 6, 7])
    #expect(figures.bytesAcknowledged == 1 << 40)
    #expect(figures.bytesReceived == 1 << 41)
  }

  @Test("The name of a congestion control algorithm ends at the first zero byte")
  func congestion() {
    func packed(_ text: String) -> UInt128 {
      text.utf8.reversed().reduce(0) { $0 << 8 | UInt128($1) }
    }
    func name(_ text: String) -> String? { CongestionName(octets: packed(text))?.description }
    #expect(name("bbr\0\0\0") == "bbr")
    #expect(name("cubic") == "cubic")
    #expect(name("0123456789abcdef") == "0123456789abcdef", "a name can fill the whole field")
    #expect(name("") == nil)
    #expect(name("\0bbr") == nil)
    var figures = TCPFigures()
    figures.congestion = CongestionName(octets: packed("bbr"))
    #expect(!figures.isEmpty)
    figures.congestion = nil
    #expect(figures == TCPFigures())
  }

  @Test("Names of congestion control algorithms are equal if their text is, also across threads")
  func congestionNamesAreEqualByText() async {
    let texts = (0..<40).map { "rule\($0)" }
    func names() -> [CongestionName?] {
      texts.map { text in
        CongestionName(octets: text.utf8.reversed().reduce(0) { $0 << 8 | UInt128($1) })
      }
    }
    await withTaskGroup(of: [CongestionName?].self) { group in
      for _ in 0..<4 { group.addTask { names() } }
      for await other in group {
        #expect(other == names())
        #expect(other.map { $0?.description } == texts)
      }
    }
    #expect(Set(names()).count == texts.count)
  }

  @Test("An executable's name is the last component of its path")
  func executableName() {
    func name(_ path: KernelName?) -> KernelName? {
      OwnerProcess(
        identity: ProcessIdentity(pid: 1744, startTicks: nil), name: nil, executable: path,
        userID: nil
      ).executableName
    }
    #expect(name("/usr/bin/java") == "java")
    #expect(name("java") == "java")
    #expect(name("/") == nil)
    #expect(name(nil) == nil)
  }

  @Test("A reused pid is another process")
  func identities() {
    let first = ProcessIdentity(pid: 5, startTicks: 100)
    #expect(first != ProcessIdentity(pid: 5, startTicks: 101))
    #expect(first != ProcessIdentity(pid: 5, startTicks: nil))
    #expect(first == ProcessIdentity(pid: 5, startTicks: 100))
  }
}
