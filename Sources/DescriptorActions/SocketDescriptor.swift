public import Connections

/// A descriptor of a process, as found when the processes were read.
public struct SocketDescriptor: Hashable, Sendable {
  /// The process, including its start time.
  public let process: ProcessIdentity
  /// The descriptor's number in that process.
  public let number: Int32

  /// Creates the descriptor `number` of `process`.
  public init(process: ProcessIdentity, number: Int32) {
    self.process = process
    self.number = number
  }
}

extension SocketDescriptor: CustomStringConvertible {
  /// `process 1744, fd 23`.
  public var description: String { "process \(process.pid), fd \(number)" }
}
