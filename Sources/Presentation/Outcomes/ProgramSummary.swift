package import Connections
import ProcessTable
import Rendering
package import Scanning

/// The connections of one program in one network namespace, in one line:
/// `orders.jar[2210] +3  646 → 10.20.0.21:5432  idle 10m00s .. 2h13m`.
package struct ProgramSummary {
  /// The number of connections.
  package private(set) var count = 0
  /// `orders.jar[2210] +3`, for four processes; escaped.
  package private(set) var label = ""
  private var ends = EndTally()
  private var times = Times()

  /// Summarizes `connections` of `snapshot`, by program; the programs with most of them first.
  package static func summaries(
    of connections: some Sequence<Connection>, in snapshot: Snapshot
  ) -> [ProgramSummary] {
    var processes: [PlacedKey: ProgramSummary] = [:]
    for connection in connections {
      let key = PlacedKey(
        key: Grouping.process.key(of: connection, in: snapshot), namespace: connection.namespace)
      processes[key, default: ProgramSummary()].add(connection, in: snapshot)
    }
    // A program has few processes, so only these are compared by their programs.
    var programs: [PlacedKey: [(process: OwnerProcess?, PlacedKey, ProgramSummary)]] = [:]
    for (key, summary) in processes {
      let process = key.process(in: snapshot)
      let program = process.flatMap { Program($0) }.map { GroupingKey.program($0) } ?? key.key
      programs[PlacedKey(key: program, namespace: key.namespace), default: []].append(
        (process, key, summary))
    }
    return programs.values.map { Self.joined($0, in: snapshot) }.sorted {
      $0.count == $1.count ? $0.label < $1.label : $0.count > $1.count
    }
  }

  /// The text after the count, in at most `room` columns if possible.
  package func ends(in room: Int?, _ names: SystemNumbers) -> String {
    ends.text(in: room) { names.interfaceName($0).map { EscapedText.escaped($0) } ?? "\($0)" }
  }

  /// `idle 10m00s .. 2h13m`, or the times in the state if all are known: `≥ 1m00s .. 2d03h`.
  package var timesText: String { times.text }

  private mutating func add(_ connection: Connection, in snapshot: Snapshot) {
    count += 1
    ends.add(connection, isAccepted: !snapshot.listeners(for: connection).isEmpty)
    times.add(connection)
  }

  private static func joined(
    _ parts: [(process: OwnerProcess?, key: PlacedKey, summary: ProgramSummary)],
    in snapshot: Snapshot
  ) -> ProgramSummary {
    var joined = ProgramSummary()
    for part in parts {
      joined.count += part.summary.count
      joined.ends.add(part.summary.ends)
      joined.times.add(part.summary.times)
    }
    let first = parts.compactMap(\.process).min { $0.pid < $1.pid }
    let others = parts.count > 1 ? " +\(Count.text(parts.count - 1))" : ""
    joined.label = first.map { EscapedText.escaped($0.label) + others } ?? parts[0].key.reason
    let namespace = snapshot.namespaces[Int(parts[0].key.namespace)]
    if !namespace.isOwn { joined.label += " in \(namespace.label)" }
    return joined
  }

  private struct PlacedKey: Hashable {
    let key: GroupingKey
    let namespace: UInt16

    func process(in snapshot: Snapshot) -> OwnerProcess? {
      guard case .process(let index) = key else { return nil }
      return snapshot.owners?.processes[Int(index)]
    }

    /// Why there is no process.
    var reason: String {
      if case .none(let reason) = key { reason.text } else { GroupingKey.Reason.ownerUnknown.text }
    }
  }

  /// The shortest and longest times of connections.
  private struct Times: Equatable {
    private var idle: ClosedRange<UInt32>?
    /// Minimum times in the state.
    private var inState: ClosedRange<UInt32>?
    private var areAllInState = true

    mutating func add(_ connection: Connection) {
      idle = Self.union(idle, connection.idle.map { $0...$0 })
      inState = Self.union(inState, connection.inStateAtLeast.map { $0...$0 })
      if connection.inStateAtLeast == nil { areAllInState = false }
    }

    mutating func add(_ other: Times) {
      idle = Self.union(idle, other.idle)
      inState = Self.union(inState, other.inState)
      areAllInState = areAllInState && other.areAllInState
    }

    private static func union(
      _ lhs: ClosedRange<UInt32>?, _ rhs: ClosedRange<UInt32>?
    ) -> ClosedRange<UInt32>? {
      guard let lhs, let rhs else { return lhs ?? rhs }
      return min(lhs.lowerBound, rhs.lowerBound)...max(lhs.upperBound, rhs.upperBound)
    }

    var text: String {
      guard let range = areAllInState ? inState : idle else { return "" }
      let (least, most) = (
        DurationText.rounded(milliseconds: UInt64(range.lowerBound)),
        DurationText.rounded(milliseconds: UInt64(range.upperBound))
      )
      return (areAllInState ? "≥ " : "idle ") + (least == most ? least : "\(least) .. \(most)")
    }
  }
}
