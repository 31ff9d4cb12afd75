import Connections
package import Operations
import Rendering
package import Scanning

/// How fast payload moves, in bytes a second; nil when that is unknown.
package struct TransferRate: Equatable, Sendable {
  /// What the peer has acknowledged.
  package var sent: UInt64?
  /// What was received in order.
  package var received: UInt64?

  package static let unknown = TransferRate()
}

/// The rates of connections, from the kernel's byte counters at two scans and the time between.
package struct TransferRates {
  private var samples: [ConnectionKey: Sample] = [:]

  private struct Sample {
    let time: Duration
    let sent: UInt64?
    let received: UInt64?
    var rate = TransferRate.unknown
  }

  /// Two scans that are nearer tell more of their own length than of the connections.
  private static let shortest = Duration.milliseconds(250)

  /// Takes the counters of `snapshot`, which was begun at `time` of a clock that never goes back.
  package mutating func take(_ snapshot: Snapshot, at time: Duration) {
    var next: [ConnectionKey: Sample] = [:]
    next.reserveCapacity(snapshot.connections.count)
    for connection in snapshot.connections {
      let key = snapshot.key(of: connection)
      let tcp = connection.tcp
      var sample = Sample(time: time, sent: tcp?.bytesAcknowledged, received: tcp?.bytesReceived)
      if let earlier = samples[key] {
        let elapsed = time - earlier.time
        if elapsed < Self.shortest {
          sample = earlier
        } else {
          sample.rate = TransferRate(
            sent: Self.rate(from: earlier.sent, to: sample.sent, in: elapsed),
            received: Self.rate(from: earlier.received, to: sample.received, in: elapsed))
        }
      }
      next[key] = sample
    }
    samples = next
  }

  /// The rate of a connection of the last scan; unknown when it was the first one with it.
  package subscript(_ key: ConnectionKey) -> TransferRate { samples[key]?.rate ?? .unknown }

  private static func rate(from old: UInt64?, to new: UInt64?, in time: Duration) -> UInt64? {
    // A socket that was disconnected and connected again counts from the start.
    guard let old, let new, new >= old else { return nil }
    return UInt64((Double(new - old) / (time / .seconds(1))).rounded())
  }
}

/// The sum of rates, of which some may be unknown.
package struct RateSum: Equatable {
  package private(set) var known: UInt64?
  package private(set) var isAtLeast = false

  package mutating func add(_ rate: UInt64?) {
    guard let rate else {
      isAtLeast = true
      return
    }
    known = (known ?? 0) &+ rate
  }

  /// `1.2k`, `≥1.2k` where some are unknown, or a dash where all are.
  package var text: String {
    guard let known else { return "–" }
    return (isAtLeast ? "≥" : "") + Count.bytes(known)
  }
}
