import Connections
import Selection
import Testing

@Suite("Three-valued logic")
struct VerdictTests {
  private let all = Verdict.allCases

  @Test("Kleene's truth tables")
  func tables() {
    let and: [[Verdict]] = [[.no, .no, .no], [.no, .unknown, .unknown], [.no, .unknown, .yes]]
    let or: [[Verdict]] = [
      [.no, .unknown, .yes], [.unknown, .unknown, .yes], [.yes, .yes, .yes],
    ]
    #expect(all.map { one in all.map { one.and($0) } } == and)
    #expect(all.map { one in all.map { one.or($0) } } == or)
    #expect(all.map(\.negated) == [.yes, .unknown, .no])
  }

  @Test("De Morgan's laws, distributivity and absorption hold")
  func laws() {
    for one in all {
      #expect(one.negated.negated == one)
      for two in all {
        #expect(one.and(two) == two.and(one))
        #expect(one.and(two).negated == one.negated.or(two.negated))
        #expect(one.or(one.and(two)) == one)
        for three in all {
          #expect(one.and(two.or(three)) == one.and(two).or(one.and(three)))
          #expect(one.or(two).or(three) == one.or(two.or(three)))
        }
      }
    }
  }

  @Test("A decided verdict does not change when an unknown becomes known")
  func monotone() {
    for one in all {
      for two in [Verdict.no, .yes] {
        if one.and(.unknown) != .unknown { #expect(one.and(two) == one.and(.unknown)) }
        if one.or(.unknown) != .unknown { #expect(one.or(two) == one.or(.unknown)) }
      }
    }
  }

  @Test("A nil fact is unknown")
  func facts() {
    #expect(Verdict(true) == .yes)
    #expect(Verdict(false) == .no)
    #expect(Verdict(nil) == .unknown)
  }

  @Test("An empty list of owners is unknown, even if complete")
  func owners() {
    func verdict(_ processes: [OwnerProcess], complete: Bool, pid: Int32) -> Verdict {
      OwnerList(processes, isComplete: complete).anyOwner { Verdict($0.pid == pid) }
    }
    let two: [OwnerProcess] = [.process(1, "a", nil), .process(2, "b", nil)]
    #expect(verdict(two, complete: true, pid: 2) == .yes)
    #expect(verdict(two, complete: false, pid: 2) == .yes)
    #expect(verdict(two, complete: true, pid: 3) == .no)
    #expect(verdict(two, complete: false, pid: 3) == .unknown)
    #expect(verdict([], complete: true, pid: 3) == .unknown)
    #expect(verdict([], complete: false, pid: 3) == .unknown)
    #expect(UnknownOwners().anyOwner { _ in .yes } == .unknown)
  }

  @Test("A partly known owner makes the verdict unknown, unless another owner matches")
  func partlyKnownOwners() {
    let list = OwnerList(
      [.process(1, nil, nil), .process(2, "b", nil)] as [OwnerProcess], isComplete: true)
    #expect(list.anyOwner { Verdict($0.name.map { $0 == "b" }) } == .yes)
    #expect(list.anyOwner { Verdict($0.name.map { $0 == "c" }) } == .unknown)
  }
}
