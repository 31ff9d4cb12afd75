internal import CLinuxProcess

/// Where the holdings of an inode start, in an array of holdings sorted by inode.
///
/// A table with open addressing, at most half full, of which each slot is for 16 inodes that follow each
/// other, as in ``InodeSet``: of a million it is small enough for the processor's cache, and only the
/// holdings themselves are waited for.
struct HoldingIndex: Sendable {
  /// A slot is free while it is 0; else it is the place of the first holding of the 16 inodes,
  /// counted from 1. Their number is a power of 2.
  private var slots: [UInt32]

  /// The index of `holdings`, which are sorted by inode.
  init(_ holdings: [Holding]) {
    let starts = holdings.indices.lazy.filter {
      $0 == 0 || holdings[$0 - 1].inode.run != holdings[$0].inode.run
    }
    var size = 16
    while size < 2 * starts.count { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
    for place in starts {
      slots[slot(of: holdings[place].inode.run, in: holdings)] = UInt32(place + 1)
    }
  }

  /// The place of the first holding of `inode` in the holdings that the index was made of.
  func start(of inode: UInt32, in holdings: [Holding]) -> Int? {
    var place = Int(slots[slot(of: inode.run, in: holdings)]) - 1
    guard place >= 0 else { return nil }
    while place < holdings.count, holdings[place].inode < inode { place += 1 }
    return place < holdings.count && holdings[place].inode == inode ? place : nil
  }

  /// Fetches the holdings of `inodes` into the processor's cache.
  func prefetch(_ inodes: [UInt32], in holdings: [Holding]) {
    let mask = slots.count - 1
    unsafe holdings.withUnsafeBufferPointer { holdings in
      guard let first = holdings.baseAddress else { return }
      for inode in inodes {
        // Mostly the right one: the next slot is taken where other inodes have this one.
        let place = Int(slots[inode.run.spread & mask])
        if place > 0 { unsafe prefetch_for_reading(first + place - 1) }
      }
    }
  }

  /// Where the place of the run is, or the free slot where it would be put.
  private func slot(of run: UInt32, in holdings: [Holding]) -> Int {
    let mask = slots.count - 1
    var slot = run.spread & mask
    while slots[slot] != 0, holdings[Int(slots[slot]) - 1].inode.run != run {
      slot = (slot + 1) & mask
    }
    return slot
  }
}

extension UInt32 {
  /// As an inode: which run of a ``HoldingIndex`` it is in.
  fileprivate var run: UInt32 { self >> 4 }
}
