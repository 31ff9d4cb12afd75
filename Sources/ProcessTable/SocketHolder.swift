public import Connections

/// One process and the sockets that it holds.
public struct SocketHolder: Sendable {
  /// The process.
  public let process: OwnerProcess
  /// Its sockets, in no order; two descriptors may be of one socket.
  public let sockets: [HeldSocket]

  /// A process that holds `sockets`.
  public init(process: OwnerProcess, sockets: [HeldSocket]) {
    self.process = process
    self.sockets = sockets
  }
}

/// One descriptor that is a socket.
public struct HeldSocket: Hashable, Sendable {
  /// The socket's inode, in `/proc/PID/fd` and in `idiag_inode`.
  public let inode: UInt32
  /// The descriptor, in the table of the process or, where that differs, of one of its threads.
  public let descriptor: Int32

  /// The socket with `inode` under the number `descriptor`.
  public init(inode: UInt32, descriptor: Int32) {
    self.inode = inode
    self.descriptor = descriptor
  }
}
