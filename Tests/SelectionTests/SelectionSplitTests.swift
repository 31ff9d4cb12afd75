import Connections
import Selection
import Testing

@Suite("The kernel's part of a selection")
struct SelectionSplitTests {
  private static let closeWait = SelectionPredicate.term(.states(TCPState.closeWait.asSet))
  private static let established = SelectionPredicate.term(.states(TCPState.established.asSet))
  private static let port = SelectionPredicate.term(.port(.local, 80...80))
  private static let peerPort = SelectionPredicate.term(.port(.peer, 443...443))
  private static let idle = SelectionPredicate.term(.idle(atLeast: 1))
  private static let mark = SelectionPredicate.term(.mark(1, mask: 1))

  private func condition(
    _ predicate: SelectionPredicate, _ family: AddressFamily = .ipv4
  ) -> KernelCondition {
    SelectionSplit(of: predicate, family: family).condition
  }

  private static func host(
    _ text: String, _ length: Int? = nil, _ end: ConnectionEnd = .peer
  ) throws -> SelectionPredicate {
    let address = try #require(IPAddress(text: text))
    guard let length else { return .term(.address(end, AddressBlock(address))) }
    return .term(.address(end, try #require(AddressBlock(address, prefixLength: length))))
  }

  @Test("The kernel compares ports and interfaces; either end becomes two conditions")
  func terms() {
    #expect(condition(Self.port) == .port(.local, 80...80))
    #expect(condition(Self.peerPort) == .port(.peer, 443...443))
    #expect(
      condition(.term(.port(.either, 1...2))) == .any([.port(.local, 1...2), .port(.peer, 1...2)]))
    #expect(condition(.term(.interface(3))) == .interface(3))
    #expect(condition(.not(Self.port)) == .not(.port(.local, 80...80)))
  }

  @Test("A term that the kernel cannot evaluate is always true, negated or not")
  func others() throws {
    let terms: [SelectionTerm] = [
      .idle(atLeast: 1), .stalled(atLeast: 1), .inState(atLeast: 1), .age(atLeast: 1),
      .process(try Glob("java")), .pid(1), .user(0), .receiveQueue(atLeast: 1),
      .sendQueue(atLeast: 1),
    ]
    for term in terms {
      #expect(condition(.term(term)) == .always, "\(term)")
      #expect(condition(.not(.term(term))) == .always, "\(term)")
      #expect(condition(.all([.term(term), Self.port])) == .port(.local, 80...80))
      #expect(condition(.any([.term(term), Self.port])) == .always)
      #expect(condition(.not(.any([.term(term), Self.port]))) == .not(.port(.local, 80...80)))
      #expect(condition(.not(.all([.term(term), Self.port]))) == .always)
    }
  }

  @Test("States go into the mask, and into the condition only if the mask decides them")
  func states() {
    let either = SelectionPredicate.any([
      .all([Self.closeWait, Self.port]), .all([Self.established, Self.peerPort]),
    ])
    let split = SelectionSplit(of: either, family: .ipv4)
    #expect(split.states == TCPStateSet([.closeWait, .established]))
    #expect(split.condition == .any([.port(.local, 80...80), .port(.peer, 443...443)]))
    let one = SelectionPredicate.all([Self.closeWait, .any([Self.port, Self.established])])
    #expect(condition(one) == .port(.local, 80...80), "the dump has no established rows")
    #expect(condition(.all([Self.closeWait, .any([Self.port, Self.closeWait])])) == .always)
    #expect(condition(.all([Self.closeWait, .not(Self.closeWait)])) == .never)
  }

  @Test("A family that cannot match is not dumped")
  func families() throws {
    let four = SelectionPredicate.term(.family(.ipv4))
    #expect(condition(four, .ipv4) == .always)
    #expect(condition(four, .ipv6) == .never)
    #expect(SelectionSplit(of: .all([four, Self.idle]), family: .ipv6).selectsNothing)
    #expect(!SelectionSplit(of: .any([four, Self.idle]), family: .ipv6).selectsNothing)
    #expect(condition(.not(four), .ipv6) == .always)
    #expect(SelectionSplit(of: .any([]), family: .ipv4).selectsNothing)
    #expect(!SelectionSplit(of: .everything, family: .ipv4).selectsNothing)
  }

  @Test("An IPv6 block matches no IPv4 socket; an IPv4 block matches mapped addresses")
  func blocks() throws {
    #expect(try condition(Self.host("::1"), .ipv4) == .never)
    #expect(try condition(.not(Self.host("::1")), .ipv4) == .always)
    #expect(try condition(Self.host("::", 0), .ipv4) == .never)
    #expect(try condition(Self.host("::", 0), .ipv6) == .always)
    #expect(try condition(Self.host("0.0.0.0", 0), .ipv4) == .always)
    let all = try #require(IPAddress(text: "0.0.0.0").flatMap { AddressBlock($0, prefixLength: 0) })
    #expect(try condition(Self.host("0.0.0.0", 0), .ipv6) == .address(.peer, all))
    let mapped = try #require(IPAddress(text: "::ffff:10.0.0.1").map { AddressBlock($0) })
    #expect(try condition(Self.host("::ffff:10.0.0.1"), .ipv4) == .address(.peer, mapped))
  }

  @Test("The kernel does not compare marks in states where old kernels do not report them")
  func marks() {
    #expect(condition(Self.mark) == .always)
    #expect(condition(Self.mark.limitedToDefaultStates()) == .always, "includes FIN_WAIT2")
    #expect(condition(.all([Self.mark, Self.established])) == .mark(1, mask: 1))
    #expect(condition(.all([.not(Self.mark), Self.closeWait])) == .not(.mark(1, mask: 1)))
  }

  @Test("The text of a selection is a filter")
  func text() throws {
    let predicate = SelectionPredicate.all([
      Self.closeWait, .any([Self.port, .not(.all([Self.peerPort, Self.idle]))]),
      .not(.term(.process(try Glob("ja*")))), try Self.host("10.0.0.0", 8, .either),
    ])
    #expect(
      "\(predicate)"
        == "state = close-wait and ( local-port = 80 or not ( peer-port = 443 and idle >= 1ms ) )"
        + " and not process = ja* and host = 10.0.0.0/8")
    #expect("\(SelectionPredicate.everything)" == "everything")
    #expect("\(SelectionPredicate.any([]))" == "nothing")
    let others: [(SelectionTerm, String)] = [
      (.stalled(atLeast: 5000), "stalled >= 5s"), (.inState(atLeast: 60_000), "in-state >= 1m"),
      (.age(atLeast: 1), "age >= 1ms"), (.port(.either, 1...9), "port = 1-9"),
      (.pid(7), "pid = 7"), (.user(0), "user = 0"), (.family(.ipv6), "family = ipv6"),
      (.mark(7, mask: 15), "mark = 0x7/0xf"), (.receiveQueue(atLeast: 1), "recv-queue >= 1"),
      (.sendQueue(atLeast: 2), "send-queue >= 2"), (.interface(3), "interface = 3"),
      (.unit(try Glob("nginx*")), "unit = nginx*"),
      (.container(try #require(ContainerReference("0a1b"))), "container = 0a1b"),
      (.pod(try #require(PodReference("default/web-1"))), "pod = default/web-1"),
      (.cgroup(path: "/a b"), "cgroup = \"/a b\""), (.cgroup(path: "/a"), "cgroup = /a"),
      (.process(try Glob("and")), "process = \"and\""), (.states([]), "not tcp"),
      (.states(TCPStateSet([.synReceived, .newSynReceived])), "state = syn-recv"),
    ]
    for (term, words) in others { #expect("\(term)" == words) }
  }

  @Test("The conjuncts of nested selections")
  func conjuncts() {
    let nested = SelectionPredicate.all([Self.port, .all([Self.idle, .all([Self.mark])])])
    #expect(nested.conjuncts == [Self.port, Self.idle, Self.mark])
    #expect(SelectionPredicate.any([Self.port]).conjuncts == [.any([Self.port])])
    #expect(SelectionPredicate.everything.conjuncts == [.everything])
  }
}
