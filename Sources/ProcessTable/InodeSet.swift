internal import Connections

/// The inodes of the sockets that a search looks for: some, or those of every socket.
public struct InodeSet: Sendable {
  /// The inode of every socket.
  public static let everySocket = InodeSet(isEverySocket: true)

  /// Whether the set is ``everySocket``.
  public let isEverySocket: Bool
  private var inodes = SparseSet()

  private init(isEverySocket: Bool) { self.isEverySocket = isEverySocket }

  /// An empty set.
  public init() { self.init(isEverySocket: false) }

  /// The set of `inodes`.
  public init(_ inodes: some Sequence<UInt32>) {
    self.init()
    for inode in inodes { insert(inode) }
  }

  /// The number of inodes in the set; 0 for ``everySocket``, which lists none.
  public var count: Int { inodes.count }

  /// Whether the search looks for no socket.
  public var isEmpty: Bool { count == 0 && !isEverySocket }

  /// Whether the set holds `inode`. No set holds 0: a socket with inode 0 has no owner.
  public func contains(_ inode: UInt32) -> Bool {
    inode != 0 && (isEverySocket || inodes.contains(UInt64(inode)))
  }

  /// Adds `inode`, unless it is 0.
  public mutating func insert(_ inode: UInt32) {
    guard inode != 0, !isEverySocket else { return }
    inodes.insert(UInt64(inode))
  }

  /// The inodes of the set that none of `holders` has; none for ``everySocket``.
  func withoutSockets(of holders: [SocketHolder]) -> InodeSet {
    var rest = isEverySocket ? InodeSet() : self
    for holder in holders {
      for socket in holder.sockets { rest.inodes.remove(UInt64(socket.inode)) }
    }
    return rest
  }
}
