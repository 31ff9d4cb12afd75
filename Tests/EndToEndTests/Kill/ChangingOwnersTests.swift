import FoundationEssentials
import Testing

/// Owners that change at the prompt, after a plan or during a run: `Fixtures/owners.py`.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct ChangingOwnersTests {
  /// The moment at which the owners change.
  enum Moment: String, CaseIterable {
    /// While `kill` waits for confirmation.
    case question
    /// After a plan is written, before it is carried out.
    case plan
    /// While a policy with a rate runs, after its first closing.
    case run
  }

  /// The outcome of a scenario.
  struct Result: Decodable {
    let status: Int32
    let output: String
    let errors: String
    let connections: Int
    let announcedBeforeChange: Int
    let alive: Int
    let reasons: [String]
    let closedOwners: [String]
    let sparedOwners: [String]
  }

  private func run(_ words: [String], seconds: Int = 200) throws -> Data {
    let directory = try TemporaryDirectory()
    let ended = try Command.run(
      ["unshare", "--net", "--", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]
        + [Tools.python, Tools.fixture("owners.py"), Tools.connreap, directory.path] + words,
      seconds: seconds)
    try #require(ended.status == 0, "\(ended.errorText)")
    return Data(ended.output)
  }

  private func scenario(
    _ moment: Moment, _ change: String, selecting selection: String = "port"
  ) throws -> Result {
    let data = try run(["scenario", selection, moment.rawValue, change])
    let result = try JSONDecoder().decode(Result.self, from: data)
    try #require(result.status == 0, "\(result.errors)\(result.output)")
    return result
  }

  /// Each argument is a way in which sshd becomes an owner of the socket.
  @Test(arguments: ["hand-over", "share", "thread", "fork-sshd", "rename", "execute"])
  func connectionsThatBecomeProtectedAtThePromptAreSpared(change: String) throws {
    let result = try scenario(.question, change)
    #expect(result.alive == result.connections)
    #expect(result.closedOwners == [])
    #expect(result.sparedOwners.contains("sshd"), "the log names the current owner")
    #expect(result.reasons.count == 1)
    #expect(result.reasons.allSatisfy { $0.hasPrefix("held by sshd[") })
    #expect(result.output.contains("held by sshd["), "\(result.output)")
  }

  @Test(arguments: ["hand-over", "share", "thread", "fork-sshd", "rename", "execute"])
  func connectionsThatBecomeProtectedAfterThePlanAreSpared(change: String) throws {
    let result = try scenario(.plan, change)
    #expect(result.alive == result.connections)
    #expect(result.closedOwners == [])
    #expect(result.output.contains("held by sshd["), "\(result.output)")
  }

  @Test(arguments: [
    ("hand-over", "sshd"), ("to-guarded", "guarded"), ("share", "sshd"), ("rename", "sshd"),
  ])
  func connectionsThatBecomeProtectedDuringARunAreSpared(change: String, owner: String) throws {
    let result = try scenario(.run, change)
    // Connections announced before the change may have been closed before it.
    #expect(result.announcedBeforeChange < result.connections)
    #expect(result.alive >= result.connections - result.announcedBeforeChange)
    #expect(result.sparedOwners.contains(owner))
    #expect(result.reasons.count == 1)
    #expect(result.reasons.allSatisfy { $0.contains("held by \(owner)[") }, "\(result.reasons)")
  }

  @Test(arguments: [Moment.question, .run])
  func socketsInFlightBetweenProcessesAreSpared(moment: Moment) throws {
    let result = try scenario(moment, "flight")
    #expect(result.alive >= result.connections - result.announcedBeforeChange)
    #expect(result.reasons == ["owner unknown now; it was app[PID]"])
  }

  @Test(arguments: [Moment.question, .run])
  func processSelectionsApplyToTheCurrentOwner(moment: Moment) throws {
    let result = try scenario(moment, "to-worker", selecting: "process")
    #expect(result.alive >= result.connections - result.announcedBeforeChange)
    #expect(result.sparedOwners == ["worker"])
    #expect(result.reasons.count == 1)
    #expect(
      result.reasons.allSatisfy {
        $0.hasPrefix("no longer selected: now held by worker[")
      })
  }

  @Test(arguments: Moment.allCases)
  func selectedConnectionsAreClosedAndTheNewOwnerIsLogged(moment: Moment) throws {
    let result = try scenario(moment, "to-worker")
    #expect(result.alive == 0)
    #expect(result.closedOwners.contains("worker"))
    #expect(moment == .run || result.closedOwners == ["worker"])
  }

  @Test(arguments: Moment.allCases, ["nothing", "unshare"])
  func allConnectionsAreClosedWhenTheOwnersStayTheSame(moment: Moment, change: String) throws {
    let result = try scenario(moment, change, selecting: "process")
    #expect(result.alive == 0)
    #expect(result.closedOwners == ["app"])
  }

  /// Each planned connection changes owners at random, or stays as it is.
  @Test func randomChangesNeverCloseAProtectedConnection() throws {
    struct Rounds: Decodable {
      let steps: Int
      let closed: Int
      let spared: Int
      let wrong: [[Change]]
      let left: [[Change]]
    }
    enum Change: Decodable, Equatable {
      case round(Int)
      case word(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
          self = .round(number)
        } else {
          self = .word(try container.decode(String.self))
        }
      }
    }
    let rounds = try JSONDecoder().decode(Rounds.self, from: run(["random", "11", "8", "60"]))
    #expect(rounds.steps == 480)
    #expect(rounds.wrong == [], "closed although the owner was protected or unknown")
    #expect(rounds.left == [], "spared although no owner was protected")
    #expect(rounds.closed > 50 && rounds.spared > 50)
  }

  /// A policy with a rate reads the owners again between two closings. It must find every process
  /// that holds the socket throughout that time.
  @Test func aHundredThousandHandOversCloseNoProtectedConnection() throws {
    struct Race: Decodable {
      let handed: Int
      let runs: [String]
      let closed: Int
      let spared: Int
      let certain: Int
      let wrong: [Int]
    }
    let race = try JSONDecoder().decode(Race.self, from: run(["race", "5", "400", "100000"]))
    #expect(race.handed >= 100_000)
    #expect(race.runs.filter { !$0.isEmpty } == [], "no run fails")
    #expect(race.wrong == [])
    #expect(race.certain > 0, "'guarded' held some planned connections throughout")
    #expect(race.closed > 0 && race.spared > 0)
  }
}
