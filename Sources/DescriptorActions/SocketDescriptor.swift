public import Connections

/// One descriptor of one process, as it was when the processes were read.
public struct SocketDescriptor: Hashable, Sendable {
  /// The process, with the start time that tells it from a later one of the same pid.
  public let process: ProcessIdentity
  /// The number in the process's table.
  public let number: Int32

  /// The descriptor `number` of `process`.
  public init(process: ProcessIdentity, number: Int32) {
    self.process = process
    self.number = number
  }
}

extension SocketDescriptor: CustomStringConvertible {
  /// `process 1744, fd 23`.
  public var description: String { "process \(process.pid), fd \(number)" }
}
