internal import Synchronization

/// A shared queue of indices, each of which one of several threads takes.
public final class WorkerSlots: Sendable {
  private let count: Int
  private let next = Atomic(0)

  /// Creates a queue of the indices from 0 up to, but not including, `count`.
  public init(_ count: Int) { self.count = count }

  /// Takes the next index; nil when none is left.
  public func take() -> Int? {
    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }

  /// Discards the remaining indices.
  public func abandon() { next.store(count, ordering: .relaxed) }
}
