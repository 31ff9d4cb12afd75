public import Connections

/// One process and the sockets that it holds.
public struct SocketHolder: Sendable {
  /// The process.
  public let process: OwnerProcess
  /// Its sockets, in no order. Two descriptors may refer to one socket.
  public let sockets: [HeldSocket]

  /// A process that holds `sockets`.
  public init(process: OwnerProcess, sockets: [HeldSocket]) {
    self.process = process
    self.sockets = sockets
  }
}

/// One socket descriptor.
public struct HeldSocket: Hashable, Sendable {
  /// The socket's inode, as in `/proc/PID/fd` and `idiag_inode`.
  public let inode: UInt32
  /// The descriptor, in the table of the process or of a thread with its own table.
  public let descriptor: Int32

  /// The socket with `inode`, open as `descriptor`.
  public init(inode: UInt32, descriptor: Int32) {
    self.inode = inode
    self.descriptor = descriptor
  }
}
