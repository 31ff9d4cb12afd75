import Connections
import Testing

@testable import Selection

@Suite struct NamespaceTermTests {
  private func parse(_ filter: String) throws -> SelectionPredicate {
    try SelectionFilter.parse(filter, names: FixedNames())
  }

  /// Three namespaces: the own one, `blue`, and one that could not be identified.
  private func verdicts(of name: NamespaceName) -> [UInt16: Verdict] {
    switch name {
    case .own: [0: .yes, 1: .no, 2: .no]
    case .all: [0: .yes, 1: .yes, 2: .yes]
    case .named("blue"): [0: .no, 1: .yes, 2: .unknown]
    case .containers: [0: .yes, 1: .yes, 2: .no]
    case .named, .process, .path: [0: .unknown, 1: .unknown, 2: .unknown]
    }
  }

  private func row(in namespace: UInt16) -> Connection {
    var row = Connection.row()
    row.namespace = namespace
    return row
  }

  private func rowVerdicts(_ filter: String) throws -> [Verdict] {
    let predicate = try parse(filter).resolving(verdicts)
    return (0..<3).map { predicate.verdict(of: row(in: $0), owners: UnknownOwners()) }
  }

  @Test(
    arguments: [
      ("all", .all), ("blue", .named("blue")), ("green", .named("green")),
      ("1744", .process(1744)), ("7", .named("7")),
      ("/run/netns/green", .path("/run/netns/green")), ("../blue", .path("../blue")),
    ] as [(String, NamespaceName)])
  func knownNameTakesPrecedenceOverPid(value: String, name: NamespaceName) throws {
    let read = try SelectionVocabulary.parse(key: .netns, value: value, names: FixedNames())
    #expect(read == .term(.namespace(NamespaceTerm(name))))
    #expect(read.namespaces == [name])
  }

  @Test(arguments: [
    ("bleu", "did you mean \"blue\"?"), ("blue,gren", "did you mean \"green\"?"), ("0", "listed"),
    ("-1", "listed"), ("2147483648", "listed"), ("Blue", "blue"),
    ("", "missing"),
  ])
  func invalidValueIsReportedWithPosition(value: String, message: String) throws {
    let problem = try #require(throws: SelectionProblem.self) {
      try SelectionVocabulary.parse(key: .netns, value: value, names: FixedNames())
    }
    #expect("\(problem)".contains(message))
    #expect(value.contains(problem.fault))
  }

  @Test func anyNameIsAcceptedIfNamesAreUnknown() throws {
    let read = try SelectionVocabulary.parse(key: .netns, value: "bleu,12", names: NoNames())
    #expect(read.namespaces == [.named("bleu"), .process(12)])
    let path = try SelectionVocabulary.parse(key: .netns, value: "/proc/7/ns/net", names: NoNames())
    #expect(path.namespaces == [.path("/proc/7/ns/net")])
  }

  /// Only a whole value can be a name with a comma; in a list, the comma separates items.
  @Test func nameMayContainComma() throws {
    let read = try SelectionVocabulary.parse(key: .netns, value: "x,y", names: NamesWithComma())
    #expect(read.namespaces == [.named("x,y")])
    #expect(try SelectionFilter.parse("netns = x,y", names: NamesWithComma()) == read)
  }

  /// A resolver that knows a namespace name with a comma.
  private struct NamesWithComma: NameResolver {
    let networkNamespaceNames: [KernelName]? = ["x,y", "x"]
    let serviceNames: [String] = []
    func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] { throw .noSuchName }
    func port(ofService name: String) -> UInt16? { nil }
    func userID(of name: String) throws(LookupFailure) -> UInt32? { nil }
    func interfaceIndex(of name: String) -> UInt32? { nil }
  }

  @Test func unresolvedNamespaceIsUnknown() throws {
    for filter in ["netns = blue", "not netns = blue", "netns = 1744"] {
      let verdict = try parse(filter).verdict(of: row(in: 0), owners: UnknownOwners())
      #expect(verdict == .unknown)
    }
    #expect(try parse("netns = all").verdict(of: row(in: 9), owners: UnknownOwners()) == .yes)
  }

  @Test(
    arguments: [
      ("netns = blue", [.no, .yes, .unknown]), ("netns != blue", [.yes, .no, .unknown]),
      ("netns = all", [.yes, .yes, .yes]), ("not netns = all", [.no, .no, .no]),
      ("netns = all and not netns = blue", [.yes, .no, .unknown]),
      ("netns = blue,1744", [.unknown, .yes, .unknown]),
      ("netns = blue and state listen", [.no, .no, .no]),
    ] as [(String, [Verdict])])
  func resolvedNamespaceDecides(filter: String, expected: [Verdict]) throws {
    #expect(try rowVerdicts(filter) == expected)
  }

  @Test func selectionWithoutNamespaceIsLimitedToOwn() throws {
    let limited = try parse("state established")
      .limitedToDefaultNamespaces(countsContainers: false).resolving(verdicts)
    #expect(
      (0..<3).map { limited.verdict(of: row(in: $0), owners: UnknownOwners()) } == [.yes, .no, .no])
    let named = try parse("port 8080 or netns = blue")
    #expect(named.limitedToDefaultNamespaces(countsContainers: true) == named)
  }

  @Test(arguments: ["container = web", "pod = web-1", "not (container = web and port 80)"])
  func selectionOfContainersIncludesTheirNamespaces(filter: String) throws {
    let predicate = try parse(filter)
    #expect(predicate.namesContainers)
    let placed = predicate.limitedToDefaultNamespaces(countsContainers: false)
    #expect(placed.namespaces == [.containers])
    #expect((0..<3).map { placed.resolving(verdicts).isPossible(in: $0) } == [true, true, false])
  }

  @Test func groupingByContainerIncludesTheirNamespaces() throws {
    let predicate = try parse("state close-wait")
    #expect(!predicate.namesContainers)
    #expect(
      predicate.limitedToDefaultNamespaces(countsContainers: true).namespaces == [.containers])
    #expect(predicate.limitedToDefaultNamespaces(countsContainers: false).namespaces == [.own])
  }

  /// eth0 has index 2 only in the own namespace.
  @Test func interfaceIndexIsUnknownInOtherNamespaces() throws {
    #expect(try rowVerdicts("interface = eth0") == [.no, .unknown, .unknown])
    #expect(try rowVerdicts("not interface = eth0") == [.yes, .unknown, .unknown])
    let own = try parse("interface = eth0")
    #expect(own.resolving { _ in [0: .yes] } == own, "no other namespace is scanned")
  }

  @Test(arguments: [
    ("netns = blue", [false, true, true]), ("not netns = blue", [true, false, true]),
    ("state listen", [true, true, true]), ("netns = all or port 1", [true, true, true]),
    ("netns = blue and netns != blue", [false, false, true]),
  ])
  func namespacesThatCannotMatchAreImpossible(filter: String, expected: [Bool]) throws {
    let predicate = try parse(filter).resolving(verdicts)
    #expect((0..<3).map { predicate.isPossible(in: $0) } == expected)
  }

  @Test func namespaceAloneSelectsEverything() throws {
    #expect(try parse("netns = blue").selectsEverything)
    #expect(try parse("not netns = blue").selectsEverything)
    #expect(try !parse("netns = blue and port 1").selectsEverything)
  }

  @Test func termSurvivesRoundTrip() throws {
    for filter in ["netns = blue", "netns = all", "netns = 1744", "not netns = green"] {
      let predicate = try parse(filter)
      #expect(try parse(predicate.filterText) == predicate)
    }
  }

  /// The state of a policy is stored under this text.
  @Test func descriptionDoesNotDependOnScannedNamespaces() throws {
    let asked = try parse("netns = blue and port 1")
    #expect("\(asked)" == "\(asked.resolving(verdicts))")
    #expect("\(asked)" != "\(try parse("netns = green and port 1"))")
  }
}
