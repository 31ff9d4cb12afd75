import Connections
package import Operations
import Rendering
package import Scanning

/// The payload rates of a connection, in bytes per second; nil if unknown.
package struct TransferRate: Equatable, Sendable {
  /// Bytes acknowledged by the peer.
  package var sent: UInt64?
  /// Bytes received in order.
  package var received: UInt64?

  /// No known rate.
  package static let unknown = TransferRate()
}

/// The rates of all connections, from the kernel's byte counters at two scans.
package struct TransferRates {
  private var samples: [ConnectionKey: Sample] = [:]
  /// The rates of the last snapshot's connections, by index.
  private var rates: [TransferRate] = []
  /// The indices of the connections that appeared recently.
  private var new: Set<Int> = []
  private var hasStarted = false

  private struct Sample {
    let time: Duration
    let sent: UInt64?
    let received: UInt64?
    var rate = TransferRate.unknown
    /// When the connection appeared; nil if it was there at the start.
    var appeared: Duration?
  }

  /// Scans closer together give unreliable rates, since a scan itself takes time.
  private static let minimumInterval = Duration.milliseconds(250)

  /// Takes the counters of `snapshot`, whose scan started at `time` on a monotonic clock.
  ///
  /// - Parameter isStart: whether the earlier snapshots had another selection, so that no
  ///   connection of this one counts as new.
  package mutating func take(_ snapshot: Snapshot, at time: Duration, isStart: Bool = false) {
    let isStart = isStart || !hasStarted
    hasStarted = true
    var next: [ConnectionKey: Sample] = [:]
    next.reserveCapacity(snapshot.connections.count)
    rates.removeAll(keepingCapacity: true)
    rates.reserveCapacity(snapshot.connections.count)
    new.removeAll(keepingCapacity: true)
    for (index, connection) in snapshot.connections.enumerated() {
      let key = snapshot.key(of: connection)
      let tcp = connection.tcp
      var sample = Sample(
        time: time, sent: tcp?.bytesAcknowledged, received: tcp?.bytesReceived,
        appeared: isStart ? nil : time)
      if let earlier = samples[key] {
        let elapsed = time - earlier.time
        if elapsed < Self.minimumInterval {
          sample = earlier
        } else {
          sample.rate = TransferRate(
            sent: Self.rate(from: earlier.sent, to: sample.sent, in: elapsed),
            received: Self.rate(from: earlier.received, to: sample.received, in: elapsed))
          sample.appeared = earlier.appeared
        }
      }
      if let appeared = sample.appeared, time - appeared < TopTrends.highlight {
        new.insert(index)
      }
      rates.append(sample.rate)
      next[key] = sample
    }
    samples = next
  }

  /// The rate of a connection; unknown after the first scan that lists it.
  package subscript(_ key: ConnectionKey) -> TransferRate { samples[key]?.rate ?? .unknown }

  /// The rate of the connection at `index` in the last snapshot.
  package subscript(_ index: Int) -> TransferRate {
    rates.indices.contains(index) ? rates[index] : .unknown
  }

  /// Whether the connection at `index` in the last snapshot appeared recently.
  package func isNew(_ index: Int) -> Bool { new.contains(index) }

  private static func rate(from old: UInt64?, to new: UInt64?, in time: Duration) -> UInt64? {
    // The counters restart if a socket is disconnected and connected again.
    guard let old, let new, new >= old else { return nil }
    return UInt64((Double(new - old) / (time / .seconds(1))).rounded())
  }
}

/// A sum of rates, some of which may be unknown.
package struct RateSum: Equatable {
  package private(set) var known: UInt64?
  package private(set) var isAtLeast = false

  /// Adds `rate`, or marks the sum as a lower bound if it is unknown.
  package mutating func add(_ rate: UInt64?) {
    guard let rate else {
      isAtLeast = true
      return
    }
    known = (known ?? 0) &+ rate
  }

  /// `1.2k`, `≥1.2k` if some rates are unknown, or a dash if all are.
  package var text: String {
    guard let known else { return "–" }
    return (isAtLeast ? "≥" : "") + Count.bytes(known)
  }
}
