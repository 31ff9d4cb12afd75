import Connections
import PolicyEngine
import ProcessTable
import Rendering

// The cells of a group in a table, escaped.
extension LeakGroup {
  /// The text of an unknown value.
  package static let unknown = "–"

  /// `orders.jar[2210] +3`: the group and, for a program, its main process and the number of others.
  package var name: String {
    let label = EscapedText.escaped(label)
    guard case .program = key, let first = processes.first else { return label }
    let others = processes.count - 1
    return "\(label)[\(first.owner.pid)]" + (others > 0 ? " +\(Count.text(others))" : "")
  }

  /// The pod, container or unit.
  package var place: String {
    let name = pod.flatMap { $0.name == nil ? nil : $0.label } ?? container?.label ?? unit
    return name.map { EscapedText.escaped($0) } ?? Self.unknown
  }

  /// The number of dead descriptors.
  package var deadText: String { dead.map { Count.text($0) } ?? Self.unknown }

  /// `2h13m`, or `≥ 18m` if it may be longer.
  package var since: String {
    guard let longest else { return Self.unknown }
    let time = longest.lowerBound
    let isExact = longest.upperBound - time <= max(Self.precision, time / 20)
    return (isExact ? "" : "≥ ") + DurationText.rounded(milliseconds: time)
  }

  /// A difference that does not matter to a reader: two seconds, in milliseconds.
  private static let precision: UInt64 = 2000

  /// `665 of 20,000`, for the process whose descriptors run out first.
  package var descriptors: String {
    guard let process = tightest, let open = process.openDescriptors else { return Self.unknown }
    guard let limit = process.descriptorLimit else { return Count.text(open) }
    return "\(Count.text(open)) of \(Count.text(limit))"
  }

  /// How long the descriptors last.
  package var lasts: String {
    guard let process = tightest, let time = process.descriptorsLast else { return Self.unknown }
    return (process.growth?.isLowerBound == true ? "≤ " : "")
      + DurationText.rounded(milliseconds: time)
  }

  /// `10.20.0.21:5432 (50 %)`, or `clients of :8080` if most connections were accepted and no peer
  /// has half of them.
  package var mainPeer: String {
    if let acceptedPort, acceptedPort.count * 2 >= leaked {
      guard let peer = peers.first, peer.count * 2 >= leaked, acceptedPort.count == leaked else {
        return "clients of :\(acceptedPort.port)" + share(acceptedPort.count)
      }
      return "\(peer.name) (client of :\(acceptedPort.port))"
    }
    guard let peer = peers.first else { return Self.unknown }
    return peer.name + share(peer.count)
  }

  /// ` (50 %)`; nothing if it is all of them.
  private func share(_ count: Int) -> String {
    guard count < leaked else { return "" }
    return " (\(max(1, count * 100 / leaked)) %)"
  }
}
