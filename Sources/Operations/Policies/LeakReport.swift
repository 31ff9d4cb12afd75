package import Connections
package import PolicyEngine
import Presentation
package import ProcessTable
package import Rendering
package import Scanning

/// The report about a leaking program: its name, the peer, the growth, and the descriptors left.
package struct LeakReport {
  package let leak: Leak
  /// The process that holds most of the connections; nil if unknown.
  package let process: OwnerProcess?
  /// Its descriptors; nil if they could not be read.
  package let room: DescriptorRoom?
  /// The network namespace of the group.
  private let namespace: ScannedNamespace

  package init(_ leak: Leak, in snapshot: Snapshot, processes: ProcFileSystem) {
    self.leak = leak
    namespace = snapshot.namespaces[Int(leak.group.namespace)]
    var counts: [ProcessIdentity: (count: Int, process: OwnerProcess)] = [:]
    for row in leak.group.rows {
      guard let owner = snapshot.knownOwners(at: row).min(by: { $0.pid < $1.pid }) else { continue }
      counts[owner.identity, default: (0, owner)].count += 1
    }
    process = counts.values.max { ($0.count, $1.process.pid) < ($1.count, $0.process.pid) }?.process
    room = process.flatMap { DescriptorRoom(of: $0, processes) }
  }

  /// `java[1744] leaks to 10.0.0.20:5432 (312 of 324 connections), about 300 an hour: …`.
  package var text: String {
    let count = leak.group.rows.count
    let share =
      leak.peer.count == count
      ? "\(Count.text(count))" : "\(Count.text(leak.peer.count)) of \(Count.text(count))"
    var text =
      "\(name) leaks to \(leak.peer) (\(share) connection\(Count.plural(count))"
      + (leak.growthPerHour.map { ", about \(Count.text($0)) more per hour" } ?? "") + ")"
    text += ". \(Count.text(leak.rounds)) runs closed them, but they came back. "
    text += "connreap no longer closes them; fix the program."
    if let descriptorsLeft = room?.left, let descriptorLimit = room?.limit {
      text += " It has \(Count.text(descriptorsLeft)) of \(Count.text(descriptorLimit)) "
      text += "descriptors left\(timeLeft.map { ", enough for about \($0)" } ?? "")."
    }
    return text
  }

  /// How long its descriptors last at the current growth.
  private var timeLeft: String? {
    leak.growthPerHour.flatMap { room?.timeLeft(growthPerHour: $0) }
      .map { DurationText.rounded(milliseconds: $0) }
  }

  private var name: String {
    let label = EscapedText.escaped(leak.group.label)
    let group = namespace.isOwn ? label : "\(label) in \(namespace.label)"
    guard case .process = leak.group.key else {
      let process = process.map { " (\(EscapedText.escaped($0.label)))" } ?? ""
      return group + process
    }
    return group
  }

  package func write(to json: inout JSONWriter, _ key: StaticString? = nil) {
    json.object(key) { json in
      json.member("group", leak.group.label)
      json.member("count", leak.group.rows.count)
      json.member("rounds", leak.rounds)
      json.object("peer") { json in
        json.member("address", leak.peer.address.description)
        json.member("port", leak.peer.port.map(UInt32.init))
        json.member("count", leak.peer.count)
      }
      json.member("growth_per_hour", leak.growthPerHour.map(UInt64.init))
      guard let process else { return json.null("process") }
      json.object("process") { json in
        json.member("pid", UInt32(process.pid))
        json.member("name", process.name)
        json.member("executable", process.executable)
        json.member("descriptors_open", room?.open.map(UInt64.init))
        json.member("descriptors_limit", room?.limit.map(UInt64.init))
        json.member("descriptors_left", room?.left.map(UInt64.init))
      }
    }
  }
}
