import Connections
import Glibc
import Notifying
import PolicyEngine
import Privileges
package import Reaping
import Rendering
import Scanning
import SystemPackage

/// Notifies the programs of policies of what a person should know: the groups that a policy has
/// given up or, for a policy that reports, those that have reached its threshold.
///
/// A program gets one message for all groups of its policy, as soon as one of them is new.
package struct PolicyNotices {
  private let evaluated: PolicyEvaluation
  private let system: LiveSystem
  private let run: AuditedRun

  /// After how long a program is killed.
  private static let timeout = Duration.seconds(10)

  package init(_ evaluated: PolicyEvaluation, on system: LiveSystem, in run: AuditedRun) {
    self.evaluated = evaluated
    self.system = system
    self.run = run
  }

  /// How the notifications of a run ended.
  package struct Result {
    /// How many programs failed.
    package var failed = 0
    /// How many were not run, or killed, because the run was stopped.
    package var notDone = 0
    /// Why the run was stopped; nil when it was not.
    package var stopped: StopReason?
  }

  /// The groups of one policy that its program is notified of.
  private struct Notice {
    let found: PolicyFindings
    let program: NotifiedProgram
    let groups: [FindingGroup]
  }

  /// Runs the programs. One that fails is reported, and is run again next time.
  ///
  /// It is the last that a run does: from the first program on this process has no capability left
  /// that the program could have from it, as those of root would have of the bounding set where
  /// that could not be emptied (without CAP_SETPCAP).
  ///
  /// - Parameter stopReason: asked again and again: why the run has to stop now.
  package func send(
    remembering history: inout RunHistory, unless stopReason: () -> StopReason?
  ) throws(CommandFailure) -> Result {
    let notices = pending(history.memories)
    guard !notices.isEmpty else { return Result() }
    try giveUpRights()
    var result = Result()
    var memories = history.memories
    for notice in notices {
      if result.stopped == nil { result.stopped = stopReason() }
      if let reason = result.stopped {
        result.notDone += 1
        say(notice, "notification not done: \(reason)")
        continue
      }
      do throws(NotificationProblem) {
        try notice.program.tell(
          message(notice, memories), timeout: Self.timeout, user: geteuid(),
          isStopped: {
            if result.stopped == nil { result.stopped = stopReason() }
            return result.stopped != nil
          },
          reporting: { pass(on: $0, of: notice) })
        for group in notice.groups {
          memories[group.namespace]?.groups[key(of: group, in: notice.found)]?.isTold = true
        }
      } catch .stopped {
        result.notDone += 1
        let reason = result.stopped.map { "\($0)" } ?? "stopped"
        say(notice, "notification not done: \(reason); \(notice.program.path) was killed")
      } catch {
        result.failed += 1
        say(notice, "notification failed: \(EscapedText.escaped("\(error)"))")
      }
    }
    if memories != history.memories {
      try history.save(memories, ifLost: "the next run sends these notifications again")
    }
    return result
  }

  /// The notices that are due: at least one of their groups has not been told of.
  private func pending(_ memories: [UInt16: RunMemory]) -> [Notice] {
    evaluated.findings.compactMap { found in
      guard let program = found.policy.notify.flatMap(NotifiedProgram.init) else { return nil }
      let known = groups(of: found).filter { isTold($0, of: found, memories) != nil }
      guard known.contains(where: { isTold($0, of: found, memories) == false }) else { return nil }
      return Notice(found: found, program: program, groups: known)
    }
  }

  /// Whether the program was told of the group; nil when nothing is remembered of that.
  private func isTold(
    _ group: FindingGroup, of found: PolicyFindings, _ memories: [UInt16: RunMemory]
  ) -> Bool? {
    memories[group.namespace]?.groups[key(of: group, in: found)]?.isTold
  }

  private func key(of group: FindingGroup, in found: PolicyFindings) -> RememberedGroupKey {
    RememberedGroupKey(policy: found.policy.name, group: group.key.identifier)
  }

  private func say(_ notice: Notice, _ text: String) {
    Standard.say("connreap: policy \(notice.found.policy.name): \(text)\n")
  }

  /// Passes on what a program wrote, and says what it left out.
  private func pass(on output: ProgramOutput, of notice: Notice) {
    var bytes = output.bytes
    if let last = bytes.last, last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
    _ = try? Standard.error.writeAll(bytes)
    let path = EscapedText.escaped(notice.program.path)
    if output.isCut {
      say(notice, "\(path) wrote more than \(ProgramOutput.limit >> 10) KiB; the rest is discarded")
    }
    if output.processesLeft > 0 {
      let count = output.processesLeft
      say(
        notice,
        "\(path) left \(Count.text(count)) process\(count == 1 ? "" : "es") running; killed")
    }
  }

  private func giveUpRights() throws(CommandFailure) {
    do {
      try OwnPrivileges.keep([], raised: [])
    } catch {
      throw CommandFailure(.failed, "\(error), so no notification is sent")
    }
  }

  private func groups(of found: PolicyFindings) -> [FindingGroup] {
    guard found.policy.action == .report else { return found.givenUp }
    return found.groups.filter { !$0.rowsToActOn.isEmpty }
  }

  /// How many groups a message has at most, the largest first: another user can make many.
  private static let mostGroups = 1000

  /// The report: one JSON object.
  private func message(_ notice: Notice, _ memories: [UInt16: RunMemory]) -> [UInt8] {
    let policy = notice.found.policy
    let leaks = Dictionary(
      evaluated.leaks(of: notice.found).map {
        (PlacedGroup($0.leak.group), $0)
      }, uniquingKeysWith: { first, _ in first })
    var json = JSONWriter()
    json.object { json in
      json.member("event", policy.action == .report ? "report" : "leak")
      json.member("time", Timestamp.now)
      json.member("host", Uname.hostName)
      json.member("run", run.id)
      json.member("boot_id", system.moment.bootID)
      json.member("policy", policy.name)
      json.member("file", policy.file)
      json.member("line", policy.line)
      json.member("description", policy.description)
      json.array("groups") { json in
        for group in notice.groups.prefix(Self.mostGroups) {
          let isNew = isTold(group, of: notice.found, memories) == false
          write(group, leaks[PlacedGroup(group)], isNew: isNew, to: &json)
        }
      }
      json.member("groups_omitted", max(0, notice.groups.count - Self.mostGroups))
    }
    json.endDocument()
    return json.take()
  }

  private struct PlacedGroup: Hashable {
    let key: GroupKey
    let namespace: UInt16

    init(_ group: FindingGroup) { (key, namespace) = (group.key, group.namespace) }
  }

  private func write(
    _ group: FindingGroup, _ leak: LeakReport?, isNew: Bool, to json: inout JSONWriter
  ) {
    json.object { json in
      json.member("group", group.label)
      json.member("new", isNew)
      json.member("count", group.rows.count)
      json.member("threshold", group.threshold)
      let connection = evaluated.snapshot.connections[group.rows[0]]
      json.member("netns", evaluated.snapshot.networkNamespace(of: connection))
      if let leak {
        json.member("message", leak.text)
        leak.write(to: &json, "leak")
      }
    }
  }
}
