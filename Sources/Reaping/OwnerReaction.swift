public import Connections

/// How a process that held closed connections reacted.
public struct OwnerReaction: Equatable, Sendable {
  /// The process.
  public let process: OwnerProcess
  /// The number of descriptors of closed sockets it still holds; nil if they could not be read.
  public let deadDescriptors: Int?
  /// Its processor load before and after; nil if it could not be measured.
  public let load: Load?

  /// The share of one processor that a process used; several threads can use more than 1.
  public struct Load: Equatable, Sendable {
    /// The load before its connections were closed.
    public let before: Double
    /// The load since then.
    public let after: Double

    /// The loads before and after.
    public init(before: Double, after: Double) {
      self.before = before
      self.after = after
    }

    /// The increase in load that counts as spinning. An event loop that ignored EPOLLERR and
    /// EPOLLHUP went from 0 to 0.55.
    static let spinningIncrease = 0.3

    /// Whether the load rose by at least ``spinningIncrease``.
    var isSpinning: Bool { after - before >= Self.spinningIncrease }
  }

  /// The reaction of `process`.
  public init(process: OwnerProcess, deadDescriptors: Int?, load: Load?) {
    self.process = process
    self.deadDescriptors = deadDescriptors
    self.load = load
  }

  /// Whether the process seems to spin: it holds closed sockets, and its load rose when they were
  /// closed.
  public var isSpinning: Bool { deadDescriptors != 0 && load?.isSpinning == true }
}
