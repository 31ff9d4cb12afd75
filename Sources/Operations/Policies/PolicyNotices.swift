import Connections
import Glibc
import Notifying
import PolicyEngine
import Privileges
package import Reaping
import Rendering
import Scanning
import SystemPackage

/// Notifies the programs of policies about the groups that a policy has given up on or, for a policy
/// that reports, the groups that reach its threshold.
///
/// A program gets one message for all groups of its policy as soon as one of them is new.
package struct PolicyNotices {
  private let evaluated: PolicyEvaluation
  private let system: LiveSystem
  private let run: AuditedRun

  /// The time after which a program is killed.
  private static let timeout = Duration.seconds(10)

  package init(_ evaluated: PolicyEvaluation, on system: LiveSystem, in run: AuditedRun) {
    self.evaluated = evaluated
    self.system = system
    self.run = run
  }

  /// The results of the notifications of a run.
  package struct Result {
    /// The number of programs that failed.
    package var failed = 0
    /// The number of programs that were not run, or killed, because the run stopped.
    package var notDone = 0
    /// Why the run stopped; nil if it did not.
    package var stopped: StopReason?
  }

  /// The groups of one policy that its program is notified about.
  private struct Notice {
    let found: PolicyFindings
    let program: NotifiedProgram
    let groups: [FindingGroup]
  }

  /// Runs the programs. A failure is reported, and the program runs again next time.
  ///
  /// This must be the last step of a run: it drops all capabilities so that the programs cannot
  /// inherit any. As root they otherwise could, where the bounding set cannot be emptied for lack of
  /// CAP_SETPCAP.
  ///
  /// - Parameter stopReason: polled for a reason to stop.
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
        try notice.program.notify(
          message(notice, memories), timeout: Self.timeout, user: geteuid(),
          isStopped: {
            if result.stopped == nil { result.stopped = stopReason() }
            return result.stopped != nil
          },
          reporting: { pass(on: $0, of: notice) })
        for group in notice.groups {
          memories[group.namespace]?.groups[key(of: group, in: notice.found)]?.isNotified = true
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

  /// The notices with at least one new group.
  private func pending(_ memories: [UInt16: RunMemory]) -> [Notice] {
    evaluated.findings.compactMap { found in
      guard let program = found.policy.notify.flatMap(NotifiedProgram.init) else { return nil }
      let known = groups(of: found).filter { isNotified($0, of: found, memories) != nil }
      guard known.contains(where: { isNotified($0, of: found, memories) == false }) else {
        return nil
      }
      return Notice(found: found, program: program, groups: known)
    }
  }

  /// Whether the program was notified about the group; nil if nothing is recorded about it.
  private func isNotified(
    _ group: FindingGroup, of found: PolicyFindings, _ memories: [UInt16: RunMemory]
  ) -> Bool? {
    memories[group.namespace]?.groups[key(of: group, in: found)]?.isNotified
  }

  private func key(of group: FindingGroup, in found: PolicyFindings) -> RememberedGroupKey {
    RememberedGroupKey(policy: found.policy.name, group: group.key.identifier)
  }

  private func say(_ notice: Notice, _ text: String) {
    Standard.report("connreap: policy \(notice.found.policy.name): \(text)\n")
  }

  /// Passes on the output of a program, and reports what was cut off or left running.
  private func pass(on output: ProgramOutput, of notice: Notice) {
    var bytes = output.bytes
    if let last = bytes.last, last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
    _ = try? Standard.error.writeAll(bytes)
    let path = EscapedText.escaped(notice.program.path)
    if output.isCut {
      say(notice, "\(path) wrote more than \(ProgramOutput.limit >> 10) KiB; the rest is discarded")
    }
    if output.leftoverProcesses > 0 {
      let count = output.leftoverProcesses
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

  /// The maximum number of groups in a message, since another user can create many.
  private static let mostGroups = 1000

  /// The message: one JSON object.
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
          let isNew = isNotified(group, of: notice.found, memories) == false
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
