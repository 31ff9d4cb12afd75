import Scanning
import Synchronization

/// The owners that the last scans found, which the next scans may show again.
///
/// Only the display uses them. A plan reads the owners again.
final class RecentOwners: Sendable {
  private let state = Mutex<(owners: KnownOwners, time: ContinuousClock.Instant)?>(nil)

  /// The maximum age of owners that are shown.
  private static let maximumAge = Duration.seconds(30)

  /// The owners, if they are recent at `time`.
  func known(at time: ContinuousClock.Instant) -> KnownOwners? {
    state.withLock { state in
      guard let (owners, read) = state, time - read < Self.maximumAge else { return nil }
      return owners
    }
  }

  /// Remembers the owners in `snapshot`, which were read at `time`.
  func remember(_ snapshot: Snapshot, at time: ContinuousClock.Instant) {
    let owners = KnownOwners(in: snapshot)
    state.withLock { $0 = owners.map { ($0, time) } }
  }
}
