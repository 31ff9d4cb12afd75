import Connections
import Glibc
import Notifying
import PolicyEngine
import Privileges
import Scanning

/// Tells the programs of policies what a person should know: that a group was given up or, of a
/// policy that reports, that a group has reached its threshold. Each is told once.
struct PolicyNotices {
  private let evaluated: PolicyEvaluation
  private let moment: ScanMoment

  /// After how long a program is killed.
  private static let timeout = Duration.seconds(10)

  init(_ evaluated: PolicyEvaluation, moment: ScanMoment) {
    self.evaluated = evaluated
    self.moment = moment
  }

  /// Runs the programs. One that fails is said, and is run again next time.
  ///
  /// It is the last that a run does: from the first program on this process has no capability left
  /// that the program could have from it, as those of root would have of the bounding set where
  /// that could not be emptied (without CAP_SETPCAP).
  ///
  /// - Returns: whether all were told.
  func send(remembering history: inout RunHistory) throws(CommandFailure) -> Bool {
    var isEverybodyTold = true
    var memories = history.memories
    for found in evaluated.findings {
      guard let program = found.policy.notify.flatMap(NotifiedProgram.init) else { continue }
      for group in groups(of: found) {
        let key = RememberedGroupKey(policy: found.policy.name, group: group.key.identifier)
        guard let known = memories[group.namespace]?.groups[key], !known.isTold else { continue }
        try giveUpRights()
        do throws(NotificationProblem) {
          try program.tell(
            message(found, group), timeout: Self.timeout, asRoot: geteuid() == 0)
          memories[group.namespace]?.groups[key]?.isTold = true
        } catch {
          let problem = EscapedText.escaped("\(error)")
          Standard.say("connreap: policy \(found.policy.name): nobody was told: \(problem)\n")
          isEverybodyTold = false
        }
      }
    }
    if memories != history.memories {
      try history.save(memories, ifLost: "whoever was told is told again")
    }
    return isEverybodyTold
  }

  private func giveUpRights() throws(CommandFailure) {
    do {
      try OwnPrivileges.keep([], raised: [])
    } catch {
      throw CommandFailure(.failed, "\(error), so nobody is told")
    }
  }

  private func groups(of found: PolicyFindings) -> [FindingGroup] {
    guard found.policy.action == .report else { return found.givenUp }
    return found.groups.filter { !$0.rowsToActOn.isEmpty }
  }

  /// The report: one JSON object.
  private func message(_ found: PolicyFindings, _ group: FindingGroup) -> [UInt8] {
    let leak = evaluated.leaks(of: found).first { $0.leak.group == group }
    var json = JSONWriter()
    json.object { json in
      json.member("event", leak == nil ? "report" : "leak")
      json.member("policy", found.policy.name)
      json.member("file", found.policy.file)
      json.member("line", found.policy.line)
      json.member("description", found.policy.description)
      json.member("group", group.label)
      json.member("count", group.rows.count)
      json.member("threshold", group.threshold)
      if let leak {
        json.member("message", leak.text)
        leak.write(to: &json, "leak")
      }
      json.member("boot_id", moment.bootID)
      let connection = evaluated.snapshot.connections[group.rows[0]]
      json.member("netns", evaluated.snapshot.networkNamespace(of: connection))
    }
    json.endDocument()
    return json.take()
  }
}
