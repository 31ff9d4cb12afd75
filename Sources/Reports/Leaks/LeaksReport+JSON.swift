import Connections
import Operations
import PolicyEngine
import Presentation
import ProcessTable
package import Rendering
import Scanning

extension LeaksReport {
  /// Writes the report as a JSON document.
  package func write(to json: inout JSONWriter) {
    json.object { json in
      snapshot.moment.write(to: &json)
      json.array("leaks") { json in
        for (group, remedy) in zip(search.groups, remedies) { write(group, remedy, to: &json) }
      }
      json.object("summary") { json in
        json.member("by", search.grouping.rawValue)
        json.member("connections", search.connectionCount)
        json.member("programs", search.programCount)
        json.member("leaked", search.leaked)
        json.member("dead", search.dead.map(UInt64.init))
        json.member("leaked_by_unknown", search.leakedByUnknown)
        json.member("undecided", search.undecided)
        json.member("leaked_after_ms", search.rule.leakedAfter)
        json.member("idle_ms", search.rule.idle)
        json.member("unreadable_namespaces", snapshot.namespaceGaps.count)
      }
    }
    json.endDocument()
  }

  private func write(_ group: LeakGroup, _ remedy: LeakRemedy?, to json: inout JSONWriter) {
    json.object { json in
      json.member("program", group.programName)
      json.member("name", group.label)
      json.array("owners") { json in
        for process in group.processes { Self.write(process, to: &json) }
      }
      json.member("uid", group.userID)
      json.member("unit", group.unit)
      json.member("container", group.container?.id)
      json.member("container_name", group.container?.name)
      json.member("pod", group.pod?.uid)
      json.member("leaked", group.leaked)
      json.member("dead", group.dead.map(UInt64.init))
      json.member("close_wait", group.figures.closeWait)
      json.member("idle", group.leakedIdle)
      if let longest = group.longest {
        json.object("oldest_ms") { json in
          json.member("at_least", longest.lowerBound)
          json.member("at_most", longest.upperBound)
        }
      } else {
        json.null("oldest_ms")
      }
      json.member("growth_per_hour", group.growth?.perHour)
      json.member("growth_is_lower_bound", group.growth?.isLowerBound ?? false)
      json.member("growth_from", group.growth?.basis.rawValue)
      Self.writeDescriptors(of: group.tightest, to: &json)
      json.array("peers") { json in
        for peer in group.peers {
          json.object { json in
            json.member("peer", peer.name)
            json.member("count", peer.count)
          }
        }
      }
      guard let remedy else { return json.null("remedy") }
      json.object("remedy") { json in
        json.member("kill", remedy.kill)
        json.member("policy", remedy.policy)
      }
    }
  }

  private static func write(_ process: LeakGroup.Process, to json: inout JSONWriter) {
    json.object { json in
      json.member("pid", UInt32(process.owner.pid))
      json.member("name", process.owner.name)
      json.member("program", process.owner.program)
      json.member("executable", process.owner.executable)
      json.member("leaked", process.leaked)
      json.member("dead", process.dead.map(UInt64.init))
    }
  }

  private static func writeDescriptors(
    of process: LeakGroup.Process?, to json: inout JSONWriter
  ) {
    guard let process else { return json.null("descriptors") }
    json.object("descriptors") { json in
      json.member("pid", UInt32(process.owner.pid))
      json.member("used", process.openDescriptors.map(UInt64.init))
      json.member("limit", process.descriptorLimit.map(UInt64.init))
      json.member("lasts_ms", process.descriptorsLast)
    }
  }
}

extension LeakGroup {
  /// The program, if the group is one, or the program of its main process.
  var programName: KernelName? {
    if case .program(let program) = key { return program.name }
    return processes.first?.owner.program
  }
}

/// The fields of a group in a CSV file.
enum LeakFields {
  static let names = [
    "program", "name", "pid", "processes", "unit", "container", "pod", "uid", "leaked", "dead",
    "close_wait", "idle", "growth_per_hour", "growth_is_lower_bound", "oldest_ms",
    "descriptors_used", "descriptors_limit", "descriptors_last_ms", "main_peer",
    "main_peer_count", "kill", "policy",
  ]

  static func values(of group: LeakGroup, _ remedy: LeakRemedy?) -> [String] {
    let tightest = group.tightest
    func text(_ value: (some BinaryInteger)?) -> String { value.map { "\($0)" } ?? "" }
    return [
      group.programName?.text ?? "", group.label.text, text(group.processes.first?.owner.pid),
      "\(group.processes.count)", group.unit?.text ?? "", group.container?.id.text ?? "",
      group.pod?.uid ?? "", text(group.userID), "\(group.leaked)", text(group.dead),
      "\(group.figures.closeWait)", "\(group.leakedIdle)",
      group.growth.map { text(Int($0.perHour.rounded())) } ?? "",
      group.growth.map { "\($0.isLowerBound)" } ?? "", text(group.longest?.lowerBound),
      text(tightest?.openDescriptors), text(tightest?.descriptorLimit),
      text(tightest?.descriptorsLast), group.peers.first?.name ?? "",
      text(group.peers.first?.count), remedy?.kill ?? "", remedy?.policy ?? "",
    ]
  }
}
