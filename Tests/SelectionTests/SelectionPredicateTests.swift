import Connections
import Selection
import TestSupport
import Testing

@Suite("Selection predicates")
struct SelectionPredicateTests {
  private static let established = SelectionPredicate.term(.states(TCPState.established.asSet))
  private static let closeWait = SelectionPredicate.term(.states(TCPState.closeWait.asSet))
  private static let bound = SelectionPredicate.term(.states(TCPState.boundInactive.asSet))
  private static let port = SelectionPredicate.term(.port(.local, 8080...8080))
  private static let pid = SelectionPredicate.term(.pid(1744))
  private static let idle = SelectionPredicate.term(.idle(atLeast: 1))

  @Test("Not sshd does not select connections of unknown owners")
  func negatedOwner() throws {
    let notSshd = SelectionPredicate.not(.term(.process(try Glob("sshd"))))
    #expect(notSshd.verdict(of: .row(), owners: UnknownOwners()) == .unknown)
    #expect(notSshd.verdict(of: .row(), owners: OwnerList.javaAndMaybeOthers) == .unknown)
    #expect(notSshd.verdict(of: .row(), owners: OwnerList.java) == .yes)
    #expect(notSshd.verdict(of: .row(), owners: OwnerList.sshd) == .no)
    #expect(notSshd.verdict(of: .row(.timeWait, inode: 0), owners: OwnerList.java) == .unknown)
  }

  @Test("An unknown part does not matter if another part decides")
  func decided() {
    func verdict(_ predicate: SelectionPredicate) -> Verdict {
      predicate.verdict(of: .row(), owners: UnknownOwners())
    }
    #expect(verdict(.all([Self.pid, Self.closeWait])) == .no)
    #expect(verdict(.all([Self.pid, Self.established])) == .unknown)
    #expect(verdict(.any([Self.pid, Self.established])) == .yes)
    #expect(verdict(.any([Self.pid, Self.closeWait])) == .unknown)
  }

  @Test("A predicate that is always true selects everything")
  func constants() {
    let everything: [SelectionPredicate] = [
      .everything, .all([]), .all([.all([]), .all([])]), .any([.all([]), Self.port]),
      .not(.any([])), .not(.all([.any([]), Self.port])),
    ]
    for predicate in everything {
      #expect(predicate.selectsEverything, "\(predicate)")
      #expect(predicate.verdict(of: .row(), owners: UnknownOwners()) == .yes)
    }
    let something: [SelectionPredicate] = [
      Self.port, .any([]), .not(.all([])), .all([Self.port]), .any([Self.port]), .not(Self.port),
      .all([.all([]), Self.port]),
    ]
    for predicate in something { #expect(!predicate.selectsEverything, "\(predicate)") }
    #expect(SelectionPredicate.any([]).verdict(of: .row(), owners: UnknownOwners()) == .no)
  }

  @Test("A selection needs what any of its terms needs")
  func needs() throws {
    let age = SelectionPredicate.term(.age(atLeast: 1))
    func facts(_ predicate: SelectionPredicate) -> [Bool] {
      let prepared = PreparedSelection(predicate)
      #expect(prepared.needsOwners == predicate.needsOwners)
      #expect(prepared.needsFigures == predicate.needsFigures)
      #expect(prepared.needsHistory == predicate.needsHistory)
      #expect(prepared.stateMask == predicate.stateMask)
      return [
        predicate.namesStates, predicate.needsOwners, predicate.needsFigures,
        predicate.needsHistory,
      ]
    }
    #expect(facts(Self.port) == [false, false, false, false])
    #expect(facts(.any([Self.port, .not(Self.closeWait)])) == [true, false, false, false])
    #expect(facts(.all([.not(.any([Self.pid]))])) == [false, true, false, false])
    #expect(facts(.term(.process(try Glob("a")))) == [false, true, false, false])
    for term in [SelectionTerm.idle, SelectionTerm.stalled, SelectionTerm.inState] {
      #expect(facts(.not(.term(term(1)))) == [false, false, true, false])
    }
    #expect(facts(.all([age])) == [false, false, false, true])
  }

  @Test("A selection without a state is limited to the states that ss shows")
  func defaultStates() {
    #expect(SelectionPredicate.everything.limitedToDefaultStates().stateMask == .shownByDefault)
    let limited = Self.port.limitedToDefaultStates()
    #expect(limited.verdict(of: .row(), owners: UnknownOwners()) == .yes)
    #expect(limited.verdict(of: .row(.listen), owners: UnknownOwners()) == .no)
    #expect(limited.verdict(of: .row(.timeWait), owners: UnknownOwners()) == .no)
    let listen = SelectionPredicate.all([Self.port, .term(.states(TCPState.listen.asSet))])
    #expect(listen.limitedToDefaultStates() == listen)
    let notListen = SelectionPredicate.not(.term(.states(TCPState.listen.asSet)))
    #expect(notListen.limitedToDefaultStates() == notListen)
  }

  @Test("The states to dump")
  func stateMasks() {
    let all = TCPStateSet.all
    let established = TCPState.established.asSet
    let expected: [(SelectionPredicate, TCPStateSet)] = [
      (.everything, all), (.any([]), []), (Self.port, all), (.not(Self.port), all),
      (Self.established, established), (.not(Self.established), all.subtracting(established)),
      (.not(.not(Self.established)), established),
      (.all([Self.established, Self.port]), established),
      (.any([Self.established, Self.port]), all),
      (.any([Self.established, Self.closeWait]), [established, TCPState.closeWait.asSet]),
      (.all([Self.established, Self.closeWait]), []),
      (.not(.all([Self.established, Self.port])), all),
      (.not(.any([Self.established, Self.port])), all.subtracting(established)),
      (
        .not(.any([Self.established, Self.closeWait])),
        all.subtracting([established, TCPState.closeWait.asSet])
      ),
      (Self.bound, TCPState.boundInactive.asSet),
      (.all([Self.bound, Self.port]), TCPState.boundInactive.asSet),
      (.all([Self.bound, .not(Self.established)]), TCPState.boundInactive.asSet),
      (.not(Self.bound), all),
      (.not(.all([Self.bound, Self.port])), all),
      (.not(.not(Self.bound)), TCPState.boundInactive.asSet),
      (.any([Self.bound, Self.port]), all.union(TCPState.boundInactive.asSet)),
    ]
    for (predicate, mask) in expected { #expect(predicate.stateMask == mask, "\(predicate)") }
  }

  @Test("A state outside the mask never matches, even if the owner is unknown")
  func outsideMask() {
    let prepared = PreparedSelection(.all([Self.closeWait, Self.pid]))
    #expect(prepared.verdict(of: .row(.established), owners: UnknownOwners()) == .no)
    #expect(prepared.verdict(of: .row(.closeWait), owners: UnknownOwners()) == .unknown)
    let others = PreparedSelection(.not(Self.established))
    #expect(others.verdict(of: .row(.boundInactive), owners: UnknownOwners()) == .no)
  }

  @Test("Owners are evaluated last, and only if necessary")
  func order() throws {
    let process = SelectionPredicate.term(.process(try Glob("java")))
    let prepared = PreparedSelection(.all([process, .any([Self.pid, Self.idle]), Self.port]))
    #expect(prepared.predicate == .all([Self.port, .any([Self.idle, Self.pid]), process]))
    let owners = CountingOwners()
    #expect(prepared.verdict(of: .row(localPort: 1), owners: owners) == .no)
    #expect(owners.count == 0)
    #expect(prepared.verdict(of: .row(), owners: owners) == .unknown)
    #expect(owners.count == 2)
  }

  private final class CountingOwners: OwnerFacts {
    private(set) var count = 0

    func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict {
      count += 1
      return .unknown
    }
  }

  // MARK: Generated trees

  @Test("A tree follows Kleene's logic, prepared or not, and its mask excludes no match")
  func generated() {
    var generator = Seeded(6)
    let rows = Self.rows
    for _ in 0..<1500 {
      let predicate = Self.anyPredicate(depth: 4, &generator)
      let prepared = PreparedSelection(predicate)
      for row in rows {
        let expected = Self.naive(predicate, row, OwnerList.javaAndMaybeOthers)
        let verdict = predicate.verdict(of: row, owners: OwnerList.javaAndMaybeOthers)
        #expect(verdict == expected, "\(predicate)")
        let quick = prepared.verdict(of: row, owners: OwnerList.javaAndMaybeOthers)
        let isDumped = predicate.stateMask.contains(row.state)
        #expect(quick == (isDumped ? expected : .no), "\(predicate)")
        if row.state != .boundInactive { #expect(isDumped || expected != .yes, "\(predicate)") }
      }
      if predicate.selectsEverything {
        for row in rows { #expect(predicate.verdict(of: row, owners: UnknownOwners()) == .yes) }
      }
    }
  }

  @Test("A verdict reached with unknown owners does not change once they are known")
  func monotone() {
    var generator = Seeded(7)
    for _ in 0..<1500 {
      let predicate = Self.anyPredicate(depth: 4, &generator)
      for row in Self.rows {
        let early = predicate.verdict(of: row, owners: UnknownOwners())
        guard early != .unknown else { continue }
        #expect(predicate.verdict(of: row, owners: OwnerList.java) == early)
        #expect(predicate.verdict(of: row, owners: OwnerList.sshd) == early)
      }
    }
  }

  private static let rows: [Connection] = TCPState.allCases.filter { $0 != .newSynReceived }
    .flatMap { state -> [Connection] in
      let figures = TCPFigures(sent: 10, received: 10, acknowledged: 10)
      return [
        .row(state, figures: figures), .row(state, localPort: 9, sendQueue: 5, mark: 1),
        .row(state, inode: 0),
      ]
    }

  private static func naive(
    _ predicate: SelectionPredicate, _ row: Connection, _ owners: some OwnerFacts
  ) -> Verdict {
    switch predicate {
    case .term(let term): return term.verdict(of: row, owners: owners)
    case .not(let part): return naive(part, row, owners).negated
    case .all(let parts):
      let verdicts = parts.map { naive($0, row, owners) }
      return verdicts.contains(.no) ? .no : verdicts.contains(.unknown) ? .unknown : .yes
    case .any(let parts):
      let verdicts = parts.map { naive($0, row, owners) }
      return verdicts.contains(.yes) ? .yes : verdicts.contains(.unknown) ? .unknown : .no
    }
  }

  private static func anyPredicate(
    depth: Int, _ generator: inout Seeded
  ) -> SelectionPredicate {
    func parts() -> [SelectionPredicate] {
      (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        anyPredicate(depth: depth - 1, &generator)
      }
    }
    switch Int.random(in: 0..<(depth == 0 ? 3 : 8), using: &generator) {
    case 0, 1:
      let states = TCPState.allCases.filter { _ in Bool.random(using: &generator) }
      return .term(.states(TCPStateSet(states)))
    case 2:
      let terms: [SelectionPredicate] = [
        port, pid, idle, .term(.age(atLeast: 1)), .term(.user(1000)), .term(.pid(5)),
        .term(.sendQueue(atLeast: 5)), .term(.mark(1, mask: .max)),
      ]
      return terms.randomElement(using: &generator) ?? port
    case 3, 4: return .all(parts())
    case 5, 6: return .any(parts())
    default: return .not(anyPredicate(depth: depth - 1, &generator))
    }
  }
}
