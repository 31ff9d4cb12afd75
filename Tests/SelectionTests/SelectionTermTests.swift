import Connections
import Selection
import Testing

@Suite("Verdicts of terms")
struct SelectionTermTests {
  private func verdict(
    _ term: SelectionTerm, _ row: Connection, _ owners: some OwnerFacts = UnknownOwners()
  ) -> Verdict {
    term.verdict(of: row, owners: owners)
  }

  private func block(_ text: String, _ length: Int) throws -> AddressBlock {
    let address = try #require(IPAddress(text: text))
    return try #require(AddressBlock(address, prefixLength: length))
  }

  @Test("States")
  func states() {
    let term = SelectionTerm.states([TCPState.closeWait.asSet, TCPState.lastAck.asSet])
    for state in TCPState.allCases {
      let expected: Verdict = state == .closeWait || state == .lastAck ? .yes : .no
      #expect(verdict(term, .row(state)) == expected)
    }
  }

  @Test("Idle time is unknown without figures")
  func idle() {
    let row = Connection.row(figures: TCPFigures(sent: 5000, received: 4000, acknowledged: 10))
    #expect(verdict(.idle(atLeast: 0), row) == .yes)
    #expect(verdict(.idle(atLeast: 4000), row) == .yes)
    #expect(verdict(.idle(atLeast: 4001), row) == .no)
    #expect(verdict(.idle(atLeast: 1), .row()) == .unknown)
    #expect(verdict(.idle(atLeast: 1), .row(.timeWait, inode: 0)) == .unknown)
  }

  @Test("Times above 49.7 days are unknown, because the kernel's figures wrap")
  func wrapping() {
    let figures = TCPFigures(sent: .max, received: .max, acknowledged: .max, unacknowledged: 1)
    let row = Connection.row(.closeWait, figures: figures)
    let limit = UInt64(UInt32.max)
    for term in [SelectionTerm.idle, SelectionTerm.stalled, SelectionTerm.inState] {
      #expect(verdict(term(limit), row) == .yes)
      #expect(verdict(term(limit + 1), row) == .unknown)
    }
  }

  @Test("Only a connection with pending data can be stalled")
  func stalled() {
    let times = TCPFigures(sent: 9000, received: 9000, acknowledged: 8000)
    #expect(verdict(.stalled(atLeast: 0), .row(figures: times)) == .no)
    #expect(verdict(.stalled(atLeast: 8000), .row(sendQueue: 1, figures: times)) == .yes)
    #expect(verdict(.stalled(atLeast: 8001), .row(sendQueue: 1, figures: times)) == .no)
    #expect(verdict(.stalled(atLeast: 1), .row(sendQueue: 1)) == .unknown)
    let unsure = TCPFigures(sent: 1, received: 1, acknowledged: 1, unacknowledged: nil)
    #expect(verdict(.stalled(atLeast: 0), .row(figures: unsure)) == .unknown)
  }

  @Test("Time in state is unknown between its two bounds")
  func inState() {
    let row = Connection.row(
      .closeWait, figures: TCPFigures(sent: 6892, received: 6892, acknowledged: 5820))
    #expect(verdict(.inState(atLeast: 5820), row) == .yes)
    #expect(verdict(.inState(atLeast: 5821), row) == .unknown)
    #expect(verdict(.inState(atLeast: 6892), row) == .unknown)
    #expect(verdict(.inState(atLeast: 6893), row) == .no)
    let established = Connection.row(
      figures: TCPFigures(sent: 6892, received: 6892, acknowledged: 5820))
    #expect(verdict(.inState(atLeast: 1), established) == .unknown)
  }

  @Test("Age is unknown from a row alone")
  func age() {
    #expect(verdict(.age(atLeast: 0), .row()) == .unknown)
  }

  @Test("Addresses by end")
  func addresses() throws {
    let local = try block("10.0.0.5", 32)
    let peer = try block("10.0.0.8", 31)
    let other = try block("192.168.0.0", 16)
    let expected: [(AddressBlock, ConnectionEnd, Verdict)] = [
      (local, .local, .yes), (local, .peer, .no), (local, .either, .yes),
      (peer, .local, .no), (peer, .peer, .yes), (peer, .either, .yes),
      (other, .local, .no), (other, .peer, .no), (other, .either, .no),
    ]
    for (block, end, answer) in expected {
      #expect(verdict(.address(end, block), .row()) == answer, "\(block) \(end)")
    }
  }

  @Test("An IPv4 block matches v4-mapped addresses; ::/0 does not match IPv4")
  func mappedAddresses() throws {
    let mapped = Connection.row(local: "::ffff:10.0.0.5", peer: "::ffff:10.0.0.9")
    #expect(verdict(.address(.peer, try block("10.0.0.9", 32)), mapped) == .yes)
    #expect(verdict(.address(.peer, try block("::", 0)), mapped) == .yes)
    #expect(verdict(.address(.either, try block("::", 0)), .row()) == .no)
    #expect(verdict(.address(.either, try block("0.0.0.0", 0)), .row()) == .yes)
    let v6 = Connection.row(local: "2001:db8::1", peer: "2001:db8::2")
    #expect(verdict(.address(.either, try block("0.0.0.0", 0)), v6) == .no)
    #expect(verdict(.address(.local, try block("2001:db8::", 32)), v6) == .yes)
  }

  @Test("Ports by end")
  func ports() {
    let row = Connection.row(localPort: 8080, peerPort: 443)
    let expected: [(ClosedRange<UInt16>, ConnectionEnd, Verdict)] = [
      (8080...8080, .local, .yes), (8080...8080, .peer, .no), (8080...8080, .either, .yes),
      (443...443, .local, .no), (443...443, .peer, .yes), (443...443, .either, .yes),
      (8000...8080, .local, .yes), (8080...9000, .local, .yes), (8081...9000, .either, .no),
      (444...8079, .either, .no),
    ]
    for (range, end, answer) in expected {
      #expect(verdict(.port(end, range), row) == answer, "\(range) \(end)")
    }
  }

  @Test("A process matches by its command name or its executable")
  func processes() throws {
    let sshd = SelectionTerm.process(try Glob("sshd"))
    #expect(verdict(sshd, .row(), OwnerList.sshd) == .yes)
    #expect(verdict(.process(try Glob("sshd-*")), .row(), OwnerList.sshd) == .yes)
    #expect(verdict(.process(try Glob("*/sshd")), .row(), OwnerList.sshd) == .no)
    #expect(verdict(sshd, .row(), OwnerList.java) == .no)
    #expect(verdict(sshd, .row(), OwnerList.javaAndMaybeOthers) == .unknown)
    #expect(verdict(sshd, .row()) == .unknown)
  }

  @Test("An owner with an unreadable name or executable may match")
  func unreadableOwners() throws {
    func answer(_ name: String?, _ executable: String?) throws -> Verdict {
      let owners = OwnerList([.process(1, name, executable)] as [OwnerProcess], isComplete: true)
      return verdict(.process(try Glob("sshd")), .row(), owners)
    }
    #expect(try answer(nil, nil) == .unknown)
    #expect(try answer("java", nil) == .unknown)
    #expect(try answer(nil, "/usr/bin/java") == .unknown)
    #expect(try answer("java", "/usr/bin/java") == .no)
    #expect(try answer("sshd", nil) == .yes)
    #expect(try answer(nil, "/usr/sbin/sshd") == .yes)
    #expect(try answer(nil, "sshd") == .yes)
  }

  @Test("Pids")
  func pids() {
    #expect(verdict(.pid(1744), .row(), OwnerList.java) == .yes)
    #expect(verdict(.pid(1), .row(), OwnerList.java) == .no)
    #expect(verdict(.pid(1), .row(), OwnerList.javaAndMaybeOthers) == .unknown)
  }

  @Test(
    "Units, containers and cgroups are matched against the owners",
    arguments: [
      ("unit", "nginx.service", Verdict.yes), ("unit", "nginx", .yes), ("unit", "ngin?", .yes),
      ("unit", "nginx.s*", .yes), ("unit", "apache", .no), ("unit", "nginx.scope", .no),
      ("container", "0a1b", .no), ("container", "web", .no), ("pod", "web", .no),
      ("cgroup", "/system.slice/nginx.service", .yes),
      ("cgroup", "/system.slice", .yes), ("cgroup", "/", .yes), ("cgroup", "/system", .no),
      ("cgroup", "/system.slice/nginx.service/x", .no),
    ])
  func groups(key: String, value: String, expected: Verdict) throws {
    let term = try #require(try groupTerm(key, value))
    let nginx = OwnerProcess.process(9, "nginx", nil, in: "/system.slice/nginx.service")
    let unread = OwnerProcess.process(10, "x", nil)
    #expect(verdict(term, .row(), OwnerList([nginx], isComplete: true)) == expected)
    #expect(verdict(term, .row(), OwnerList([nginx], isComplete: false)) == expected.or(.unknown))
    #expect(
      verdict(term, .row(), OwnerList([unread, nginx], isComplete: true)) == expected.or(.unknown))
    #expect(verdict(term, .row()) == .unknown)
    #expect(
      verdict(term, .row(.finWait1, inode: 0), OwnerList([nginx], isComplete: true)) == .unknown)
  }

  @Test("A container without a known name matches by its ID, as runtimes print it")
  func containers() throws {
    let id = "0a1b" + String(repeating: "c", count: 60)
    let inside = OwnerProcess.process(9, "java", nil, in: "/system.slice/docker-\(id).scope")
    let owners = OwnerList([inside], isComplete: true)
    for (text, expected) in [
      ("0a1b", Verdict.yes), ("0A1B", .yes), (id, .yes), ("docker://\(id)", .yes),
      ("containerd://\(id)", .yes), ("docker-\(id).scope", .yes), (String(id.prefix(12)), .yes),
      (String(id.dropFirst()), .no), ("0a1c", .unknown), ("web", .unknown), ("0a1", .unknown),
    ] {
      #expect(try verdict(.container(container(text)), .row(), owners) == expected, "\(text)")
    }
  }

  @Test("A container name matches only as a whole, never as a prefix")
  func containerNames() throws {
    let id = "0a1b" + String(repeating: "c", count: 60)
    let named = ControlGroup(
      path: KernelName("/docker/\(id)"), unit: nil,
      containers: [Container(id: KernelName(id), name: "web", otherNames: ["shop/web-1/web"])],
      pod: Pod(uid: nil, namespace: "shop", name: "web-1"))
    for (text, expected) in [
      ("web", Verdict.yes), ("/web", .yes), ("shop/web-1/web", .yes), ("we", .no), ("Web", .no),
      ("webs", .no), ("0a1b", .yes), ("0a1c", .no), ("web-1", .no),
    ] {
      #expect(try container(text).verdict(of: named) == expected, "\(text)")
    }
    for (text, expected) in [
      ("web-1", Verdict.yes), ("shop/web-1", .yes), ("shop", .no), ("bank/web-1", .no),
      ("web", .no),
    ] {
      #expect(try #require(PodReference(text)).verdict(of: named) == expected, "\(text)")
    }
    let lxc = ControlGroup(path: "/lxc.payload.web")
    #expect(try container("web").verdict(of: lxc) == .yes)
    #expect(try container("api").verdict(of: lxc) == .no)
    #expect(try container("web").verdict(of: ControlGroup(path: "/system.slice/a.service")) == .no)
  }

  @Test("A pod matches by its uid; with an unknown name it stays unknown")
  func pods() throws {
    let uid = "0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"
    let id = String(repeating: "0a", count: 32)
    let group = ControlGroup(path: "/kubepods/pod\(uid)/\(id)")
    #expect(try #require(PodReference(uid)).verdict(of: group) == .yes)
    #expect(try #require(PodReference(uid.uppercased())).verdict(of: group) == .yes)
    #expect(try #require(PodReference("web-1")).verdict(of: group) == .unknown)
    let other = "1c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"
    #expect(try #require(PodReference(other)).verdict(of: group) == .no)
    #expect(try #require(PodReference("web-1")).verdict(of: ControlGroup(path: "/a.slice")) == .no)
    #expect(
      try #require(PodReference("web-1")).verdict(of: ControlGroup(path: "/docker/\(id)"))
        == .unknown)
  }

  @Test("A process in a nested container is in both containers")
  func nestedContainers() throws {
    let group = ControlGroup(path: "/lxc.payload.outer/lxc.payload.inner/init.scope")
    #expect(try container("outer").verdict(of: group) == .yes)
    #expect(try container("inner").verdict(of: group) == .yes)
    #expect(group.container?.name == "inner")
  }

  private func container(_ text: String) throws -> ContainerReference {
    try #require(ContainerReference(text))
  }

  @Test("Without a known owner, the cgroup of the socket can match but never exclude")
  func originOfASocket() throws {
    let origin = OnlyOrigin(origin: ControlGroup(path: "/system.slice/nginx.service"))
    for state in [TCPState.established, .finWait1] {
      let row = Connection.row(state, inode: state == .finWait1 ? 0 : 7)
      #expect(verdict(.unit(try Glob("nginx")), row, origin) == .yes)
      #expect(verdict(.cgroup(path: "/system.slice"), row, origin) == .yes)
      #expect(verdict(.unit(try Glob("apache")), row, origin) == .unknown)
      #expect(verdict(.container(try container("0a1b")), row, origin) == .unknown)
    }
  }

  private func groupTerm(_ key: String, _ value: String) throws -> SelectionTerm? {
    guard let key = SelectionKey(rawValue: key),
      case .term(let term) = try SelectionVocabulary.parse(
        key: key, value: value, names: NoNames())
    else { return nil }
    return term
  }

  /// A socket without a known owner.
  private struct OnlyOrigin: OwnerFacts {
    let origin: ControlGroup?
    func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict { .unknown }
  }

  @Test("Inode 0 has no owner; in an accept queue, the owners of the listener count")
  func withoutInode() throws {
    let java = SelectionTerm.process(try Glob("java"))
    for state in [TCPState.timeWait, .synReceived, .finWait2, .lastAck] {
      #expect(verdict(java, .row(state, inode: 0), OwnerList.java) == .unknown)
      #expect(verdict(.pid(1), .row(state, inode: 0), OwnerList.java) == .unknown)
    }
    #expect(verdict(java, .row(.established, inode: 0), OwnerList.java) == .yes)
    #expect(verdict(java, .row(.closeWait, inode: 0), OwnerList.sshd) == .no)
    #expect(verdict(java, .row(.established, inode: 0)) == .unknown)
  }

  @Test("Users: uid 0 of a minisocket is not root")
  func users() {
    #expect(verdict(.user(1000), .row()) == .yes)
    #expect(verdict(.user(0), .row()) == .no)
    #expect(verdict(.user(0), .row(userID: 0)) == .yes)
    #expect(verdict(.user(0), .row(.timeWait, inode: 0, userID: 0)) == .unknown)
  }

  @Test("The family is that of the socket")
  func families() {
    let mapped = Connection.row(local: "::ffff:10.0.0.5", peer: "::ffff:10.0.0.9")
    #expect(verdict(.family(.ipv4), .row()) == .yes)
    #expect(verdict(.family(.ipv6), .row()) == .no)
    #expect(verdict(.family(.ipv4), mapped) == .no)
    #expect(verdict(.family(.ipv6), mapped) == .yes)
  }

  @Test("Queues")
  func queues() {
    let row = Connection.row(receiveQueue: 10, sendQueue: 20)
    #expect(verdict(.receiveQueue(atLeast: 10), row) == .yes)
    #expect(verdict(.receiveQueue(atLeast: 11), row) == .no)
    #expect(verdict(.sendQueue(atLeast: 20), row) == .yes)
    #expect(verdict(.sendQueue(atLeast: 21), row) == .no)
  }

  @Test("Interfaces and marks")
  func interfacesAndMarks() {
    #expect(verdict(.interface(2), .row(interface: 2)) == .yes)
    #expect(verdict(.interface(2), .row(interface: 3)) == .no)
    #expect(verdict(.interface(2), .row()) == .no)
    #expect(verdict(.mark(5, mask: .max), .row(mark: 5)) == .yes)
    #expect(verdict(.mark(5, mask: .max), .row(mark: 0x15)) == .no)
    #expect(verdict(.mark(5, mask: 0xf), .row(mark: 0x15)) == .yes)
    #expect(verdict(.mark(0, mask: .max), .row(mark: 0)) == .yes)
    #expect(verdict(.mark(0, mask: .max), .row()) == .unknown)
  }
}
