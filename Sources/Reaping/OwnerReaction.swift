public import Connections

/// What a process that held closed connections did in the moments afterwards.
public struct OwnerReaction: Equatable, Sendable {
  /// The process.
  public let process: OwnerProcess
  /// How many descriptors of the closed sockets it still holds; nil if they could not be read.
  public let deadDescriptors: Int?
  /// The processor time that it used, before and after; nil if it could not be measured.
  public let load: Load?

  /// The share of one processor that a process used: 1 is a whole one, and several threads can use
  /// more.
  public struct Load: Equatable, Sendable {
    /// Before its connections were closed.
    public let before: Double
    /// From then on.
    public let after: Double

    /// The shares before and after.
    public init(before: Double, after: Double) {
      self.before = before
      self.after = after
    }

    /// How much of a processor a process must use more than before to count as spinning. An event
    /// loop that ignored EPOLLERR and EPOLLHUP went from 0 to 0.55.
    static let spinningIncrease = 0.3

    /// Whether the process began to use a processor for most of the time.
    var isSpinning: Bool { after - before >= Self.spinningIncrease }
  }

  /// The reaction of `process`.
  public init(process: OwnerProcess, deadDescriptors: Int?, load: Load?) {
    self.process = process
    self.deadDescriptors = deadDescriptors
    self.load = load
  }

  /// Whether the process seems to spin: it holds closed sockets, and since they were closed it has
  /// used much more processor time than before.
  public var isSpinning: Bool { deadDescriptors != 0 && load?.isSpinning == true }
}
