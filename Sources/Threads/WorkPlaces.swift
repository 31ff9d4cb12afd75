internal import Synchronization

/// The places of a common work, each of which one of several threads takes.
public final class WorkPlaces: Sendable {
  private let count: Int
  private let next = Atomic(0)

  /// The places from 0 up to `count`.
  public init(_ count: Int) { self.count = count }

  /// The next place that no thread has taken; nil when there is none left.
  public func take() -> Int? {
    let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return place < count ? place : nil
  }

  /// Leaves no place to take.
  public func abandon() { next.store(count, ordering: .relaxed) }
}
