import Connections
import Selection
import TestSupport
import Testing

@Suite("Value errors")
struct SelectionProblemTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let key: SelectionKey
    let value: String
    let range: Range<Int>
    let message: String

    init(_ key: SelectionKey, _ value: String, _ range: Range<Int>, _ message: String) {
      self.key = key
      self.value = value
      self.range = range
      self.message = message
    }

    var testDescription: String { "\(key.rawValue): \(value)" }
  }

  private static let notAHost =
    " is not an address, a CIDR block such as 10.0.0.0/8, or a host name"
  private static let notAPort = " is not a port, a range such as 8000-8100, or a service name"
  private static let portRange = " is not a port; use a number from 1 to 65535"
  private static let notASize = " is not a size such as 4096, 64k, 1.5M or 1G"
  private static let states =
    "; the states are established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, closed, "
    + "close-wait, last-ack, listen, closing, bound-inactive, all, connected, synchronized, bucket, "
    + "big"
  private static let openRange = "a port range needs both ends, as in 8000-8100"

  private static let octal = " starts with 0 and could be read as octal; write"

  static let cases: [Case] = [
    Case(.state, "", 0..<0, "missing state"),
    Case(.state, "  ", 0..<2, "missing state"),
    Case(.state, "listen,", 6..<7, "missing state"),
    Case(.state, ",listen", 0..<1, "missing state"),
    Case(.port, "80,,443", 3..<4, "missing port"),
    Case(.port, "80, ,443", 4..<5, "missing port"),
    Case(.process, "", 0..<0, "missing name"),
    Case(
      .state, "listen, establised", 8..<18,
      "unknown state \"establised\"; did you mean \"established\"?"),
    Case(.state, "foo", 0..<3, "unknown state \"foo\"\(states)"),
    Case(.state, "a\u{1b}[2J\n", 0..<6, "unknown state \"a\\u{1b}[2J\\u{a}\"\(states)"),
    Case(.idle, "5", 0..<1, "a duration needs a unit: \"5\"; write 5s, 5m or 5h"),
    Case(
      .idle, "1h, 5M", 5..<6, "unknown unit \"M\"; use ms, s, m (minutes), h or d"),
    Case(.stalled, "-1h", 0..<3, "a duration cannot be negative"),
    Case(.inState, "300000000000d", 0..<13, "the duration is too long"),
    Case(.host, "10.0.0.256", 0..<10, "\"10.0.0.256\"\(notAHost)"),
    Case(.host, "10.1", 0..<4, "\"10.1\"\(notAHost)"),
    Case(.host, "0x7f.1", 0..<6, "\"0x7f.1\"\(notAHost)"),
    Case(.host, "0x7f000001", 0..<10, "\"0x7f000001\"\(notAHost)"),
    Case(.host, "1.", 0..<2, "\"1.\"\(notAHost)"),
    Case(.host, "2130706433", 0..<10, "\"2130706433\"\(notAHost)"),
    Case(.host, ".", 0..<1, "\".\"\(notAHost)"),
    Case(.host, "10.0.0.5:80", 0..<11, "\"10.0.0.5:80\"\(notAHost)"),
    Case(.host, "[10.0.0.5]", 0..<10, "\"[10.0.0.5]\"\(notAHost)"),
    Case(.host, "[::1", 0..<4, "\"[::1\"\(notAHost)"),
    Case(.host, "::1]:80", 0..<7, "\"::1]:80\"\(notAHost)"),
    Case(.host, "db.example/8", 0..<12, "\"db.example/8\"\(notAHost)"),
    Case(.host, "a b", 0..<3, "\"a b\"\(notAHost)"),
    Case(.interface, "eht0", 0..<4, "unknown interface \"eht0\"; did you mean \"eth0\"?"),
    Case(
      .host, "fe80::1%none", 8..<12, "unknown interface \"none\""),
    Case(.host, "[fe80::1%none]", 9..<13, "unknown interface \"none\""),
    Case(.host, "fe80::1%", 8..<8, "unknown interface \"\""),
    Case(.host, "db.example%eth0", 0..<15, "\"db.example%eth0\"\(notAHost)"),
    Case(.host, "*/0%eth0", 0..<8, "\"*/0%eth0\"\(notAHost)"),
    Case(
      .port, "ntp", 0..<3,
      "\"ntp\" is a UDP service only; use the number of the TCP port"),
    Case(
      .peer, "::1,10.0.0.0/33", 13..<15,
      "\"33\" is not a prefix length; use a number from 0 to 32"),
    Case(.peer, "10.0.0.0/", 9..<9, "\"\" is not a prefix length; use a number from 0 to 32"),
    Case(
      .peer, "10.0.0.0/255.0.0.0", 9..<18,
      "\"255.0.0.0\" is not a prefix length; use a number from 0 to 32"),
    Case(.peer, "::/129", 3..<6, "\"129\" is not a prefix length; use a number from 0 to 128"),
    Case(.peer, "::/-1", 3..<5, "\"-1\" is not a prefix length; use a number from 0 to 128"),
    Case(.peer, "::/+1", 3..<5, "\"+1\" is not a prefix length; use a number from 0 to 128"),
    Case(
      .local, "nosuch.example", 0..<14, "cannot look up the host \"nosuch.example\": no such name"),
    Case(
      .local, "empty.example", 0..<13, "cannot look up the host \"empty.example\": no such name"),
    Case(
      .local, "slow.example", 0..<12,
      "cannot look up the host \"slow.example\": the name service did not answer; use the IP address instead"
    ),
    Case(
      .local, "broken.example", 0..<14,
      "cannot look up the host \"broken.example\": Cannot allocate memory"),
    Case(
      .local, "odd.example", 0..<11,
      "cannot look up the host \"odd.example\": the resolver failed with code -4"),
    Case(.port, "0", 0..<1, "\"0\"\(portRange)"),
    Case(.port, "65536", 0..<5, "\"65536\"\(portRange)"),
    Case(.port, "99999999999999999999", 0..<20, "\"99999999999999999999\"\(portRange)"),
    Case(.port, "1,70000-80000", 2..<7, "\"70000\"\(portRange)"),
    Case(.port, "80-65536", 3..<8, "\"65536\"\(portRange)"),
    Case(.port, "0-80", 0..<1, "\"0\"\(portRange)"),
    Case(.port, "80-", 2..<3, openRange), Case(.port, "-80", 0..<1, openRange),
    Case(.port, "-", 0..<1, openRange),
    Case(.port, "22,90-80", 3..<8, "the range \"90-80\" ends before it starts"),
    Case(.port, "80-90-100", 3..<9, "\"90-100\"\(notAPort)"),
    Case(.port, "80-http", 3..<7, "\"http\"\(notAPort)"),
    Case(.port, "*", 0..<1, "\"*\"\(notAPort)"),
    Case(.port, "+80", 0..<3, "\"+80\"\(notAPort)"),
    Case(.port, ":80", 0..<3, "\":80\"\(notAPort)"),
    Case(.localPort, "٨٠", 0..<4, "\"٨٠\"\(notAPort)"),
    Case(.localPort, "htps", 0..<4, "unknown service \"htps\"; did you mean \"https\"?"),
    Case(.peerPort, "80x", 0..<3, "unknown service \"80x\""),
    Case(
      .process, "java,[ab", 5..<6,
      "unmatched \"[\"; write \"\\[\" for a literal bracket"),
    Case(.process, "[z-a]", 1..<4, "the range ends before it starts"),
    Case(.port, "010", 0..<3, "\"010\"\(octal) 10"),
    Case(.port, "00", 0..<2, "\"00\"\(octal) 0"),
    Case(.localPort, "80-0090", 3..<7, "\"0090\"\(octal) 90"),
    Case(.peerPort, "443,0080", 4..<8, "\"0080\"\(octal) 80"),
    Case(.pid, "01744", 0..<5, "\"01744\"\(octal) 1744"),
    Case(.user, "01000", 0..<5, "\"01000\"\(octal) 1000"),
    Case(.mark, "010", 0..<3, "\"010\"\(octal) 10"),
    Case(.mark, "1/07", 2..<4, "\"07\"\(octal) 7"),
    Case(.receiveQueue, "04k", 0..<2, "\"04\"\(octal) 4"),
    Case(.sendQueue, "0100", 0..<4, "\"0100\"\(octal) 100"),
    Case(.host, "10.0.0.0/08", 9..<11, "\"08\"\(octal) 8"),
    Case(.interface, "02", 0..<2, "\"02\"\(octal) 2"),
    Case(.netns, "0174", 0..<4, "\"0174\"\(octal) 174"),
    Case(.idle, "010m", 0..<3, "\"010\"\(octal) 10"),
    Case(.pid, "0", 0..<1, "\"0\" is not a pid; use a number from 1 to 2147483647"),
    Case(
      .pid, "1,2147483648", 2..<12,
      "\"2147483648\" is not a pid; use a number from 1 to 2147483647"),
    Case(.pid, "-1", 0..<2, "\"-1\" is not a pid; use a number from 1 to 2147483647"),
    Case(.pid, "java", 0..<4, "\"java\" is not a pid; use a number from 1 to 2147483647"),
    Case(.user, "nobdy", 0..<5, "unknown user \"nobdy\""),
    Case(.user, "ldap", 0..<4, "cannot look up the user \"ldap\": Input/output error"),
    Case(
      .user, "4294967295", 0..<10,
      "\"4294967295\" is not a uid; use a number from 0 to 4294967294"),
    Case(.interface, "eth9", 0..<4, "unknown interface \"eth9\"; did you mean \"eth0\"?"),
    Case(.mark, "x", 0..<1, "\"x\" is not a 32-bit number such as 10 or 0xa"),
    Case(.mark, "-0", 0..<2, "\"-0\" is not a 32-bit number such as 10 or 0xa"),
    Case(.mark, "0x", 0..<2, "\"0x\" is not a 32-bit number such as 10 or 0xa"),
    Case(.mark, "0x+1", 0..<4, "\"0x+1\" is not a 32-bit number such as 10 or 0xa"),
    Case(.mark, "4294967296", 0..<10, "\"4294967296\" is not a 32-bit number such as 10 or 0xa"),
    Case(.mark, "1/", 0..<2, "\"1/\" is not a 32-bit number such as 10 or 0xa"),
    Case(.mark, "1/0xg", 2..<5, "\"0xg\" is not a 32-bit number such as 10 or 0xa"),
    Case(
      .mark, "3/2", 0..<1, "the mark \"3\" has bits outside its mask and never matches"),
    Case(.receiveQueue, "1m", 0..<2, "\"1m\"\(notASize)"),
    Case(.receiveQueue, "k", 0..<1, "\"k\"\(notASize)"),
    Case(.receiveQueue, "1.55k", 0..<5, "\"1.55k\"\(notASize)"),
    Case(.receiveQueue, "1.5", 0..<3, "\"1.5\"\(notASize)"),
    Case(.receiveQueue, ".5k", 0..<3, "\".5k\"\(notASize)"),
    Case(.receiveQueue, "1.k", 0..<3, "\"1.k\"\(notASize)"),
    Case(.receiveQueue, "-1", 0..<2, "\"-1\"\(notASize)"),
    Case(.receiveQueue, "1kB", 0..<3, "\"1kB\"\(notASize)"),
    Case(.idle, "0s", 0..<2, "a duration of 0 matches every connection; use 1ms or more"),
    Case(.inState, "0h0m", 0..<4, "a duration of 0 matches every connection; use 1ms or more"),
    Case(.receiveQueue, "0", 0..<1, "a size of 0 matches every queue; use 1 or more"),
    Case(.sendQueue, "0k", 0..<2, "a size of 0 matches every queue; use 1 or more"),
    Case(
      .sendQueue, "4G", 0..<2, "\"4G\" is more than a queue can hold; the maximum is 4294967295"),
    Case(
      .sendQueue, "99999999999999999999", 0..<20,
      "\"99999999999999999999\" is more than a queue can hold; the maximum is 4294967295"),
    Case(.family, "inet", 0..<4, "\"inet\" is not an address family; use ipv4 or ipv6"),
    Case(.unit, "[a", 0..<1, "unmatched \"[\"; write \"\\[\" for a literal bracket"),
    Case(
      .container, "a b", 0..<3,
      "\"a b\" is not a container; use its name, ID or ID prefix"),
    Case(
      .container, "0a1b,docker://", 5..<14,
      "\"docker://\" is not a container; use its name, ID or ID prefix"),
    Case(
      .pod, "web\t1", 0..<5,
      "\"web\\u{9}1\" is not a pod; use its name, such as default/web-1, or its uid"),
    Case(
      .cgroup, "system.slice", 0..<12,
      "\"system.slice\" is not a cgroup path such as /system.slice/nginx.service"),
    Case(
      .cgroup, "/a//b", 0..<5,
      "\"/a//b\" is not a cgroup path such as /system.slice/nginx.service"),
    Case(
      .age, "7", 0..<1, "a duration needs a unit: \"7\"; write 7s, 7m or 7h"),
    Case(
      .netns, "bleu", 0..<4,
      "unknown network namespace \"bleu\"; use a name listed by 'ip netns', a pid, a path or all; "
        + "did you mean \"blue\"?"),
  ]

  @Test(arguments: cases)
  func messages(_ example: Case) throws {
    let problem = try #require(throws: SelectionProblem.self) {
      try SelectionVocabulary.parse(
        key: example.key, value: example.value, names: FixedNames())
    }
    #expect(problem.description == example.message)
    #expect(problem.range == example.range)
    #expect((problem.key, problem.value) == (example.key, example.value))
  }

  @Test("Invalid host names are not looked up", arguments: cases.filter { $0.key == .host })
  func noLookup(_ example: Case) throws {
    let problem = try #require(throws: SelectionProblem.self) {
      try SelectionVocabulary.parse(key: .host, value: example.value, names: NoNames())
    }
    #expect(problem.kind != .hostLookup(.resolver(code: 999)))
  }

  @Test(
    "Any text is a value or an error within its bounds", arguments: SelectionKey.allCases)
  func anyText(key: SelectionKey) {
    var generator = Seeded(11)
    let alphabet = Array("0159ahkms.,:/-*[]!\\%x é\u{301}\u{0}")
    for _ in 0..<3000 {
      let value = String(
        (0..<Int.random(in: 0...7, using: &generator)).compactMap { _ in
          alphabet.randomElement(using: &generator)
        })
      do throws(SelectionProblem) {
        let predicate = try SelectionVocabulary.parse(key: key, value: value, names: FixedNames())
        // A namespace limits the scan; it does not describe a connection.
        #expect(predicate.selectsEverything == (key == .netns))
      } catch {
        #expect(error.range.upperBound <= value.utf8.count, "\(value.debugDescription)")
        #expect(!error.description.isEmpty)
        #expect(
          !error.description.unicodeScalars.contains { $0.properties.generalCategory == .control })
      }
    }
  }
}
