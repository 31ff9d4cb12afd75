internal import Connections

/// Finds the first holding of an inode in an array of holdings sorted by inode.
///
/// It is a hash table with open addressing, at most half full. Each slot covers 16 consecutive
/// inodes, so the table of a million sockets fits into the processor's cache.
struct HoldingIndex: Sendable {
  /// The 1-based position of the first holding of each run of 16 inodes; 0 means a free slot. The
  /// number of slots is a power of 2.
  private var slots: [UInt32]

  /// Indexes `holdings`, which are sorted by inode.
  init(_ holdings: [Holding]) {
    let starts = holdings.indices.lazy.filter {
      $0 == 0 || holdings[$0 - 1].inode.run != holdings[$0].inode.run
    }
    var size = 16
    while size < 2 * starts.count { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
    for index in starts {
      slots[slot(of: holdings[index].inode.run, in: holdings)] = UInt32(index + 1)
    }
  }

  /// The position of the first holding of `inode` in `holdings`, the array that was indexed.
  func start(of inode: UInt32, in holdings: [Holding]) -> Int? {
    var index = Int(slots[slot(of: inode.run, in: holdings)]) - 1
    guard index >= 0 else { return nil }
    while index < holdings.count, holdings[index].inode < inode { index += 1 }
    return index < holdings.count && holdings[index].inode == inode ? index : nil
  }

  /// The slot of the run, or the free slot for it.
  private func slot(of run: UInt64, in holdings: [Holding]) -> Int {
    OpenAddressing.slot(of: run, among: slots.count) {
      slots[$0] == 0 || holdings[Int(slots[$0]) - 1].inode.run == run
    }
  }
}

extension UInt32 {
  /// For an inode: its run in a ``HoldingIndex``.
  fileprivate var run: UInt64 { UInt64(self >> 4) }
}
