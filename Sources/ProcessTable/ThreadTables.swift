/// Tracks which descriptor tables of a process have been read, so that none is read once per
/// thread.
///
/// Anyone can start threads that have their own tables, so the cost must stay linear in threads and
/// descriptors. Each thread is compared with the leader. A small table is simply read. A large one
/// is looked up among the other large ones, in the kernel's order.
struct ThreadTables {
  /// The largest table, in descriptors, that is cheaper to read than to compare with many others.
  static let smallTable = 16
  /// The maximum number of thread descriptors to read if tables cannot be compared. All threads may
  /// share one table, which is then read once per thread.
  static let limitWithoutComparison = 1 << 18

  /// A thread whose table has been read: the leader, or another one if the leader has ended.
  private var main: Int32?
  /// One thread for each large table that has been read, in the kernel's order of tables.
  private var large: [Int32] = []
  private let canCompare: Bool

  /// - Parameter main: a thread whose table has been read; nil if there is none.
  init(main: Int32?, canCompare: Bool) {
    self.main = main
    self.canCompare = canCompare
  }

  /// Whether `thread` shares the table of the main thread.
  mutating func isMain(_ thread: Int32) -> Bool {
    guard canCompare else { return false }
    guard let main else {
      self.main = thread
      return false
    }
    return FileTableComparison.order(thread, main) == .same
  }

  /// Whether to read the table of `thread`, which is not the main one.
  ///
  /// - Parameter size: the number of open descriptors; 0 if the kernel does not report it.
  mutating func isNew(_ thread: Int32, size: Int) -> Bool {
    guard canCompare, size == 0 || size > Self.smallTable else { return true }
    var range = large.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      switch FileTableComparison.order(thread, large[middle]) {
      case .same: return false
      case .before: range = range.lowerBound..<middle
      case .after: range = (middle + 1)..<range.upperBound
      // One of the two has ended. Reading a table twice does no harm.
      case nil: return true
      }
    }
    large.insert(thread, at: range.lowerBound)
    return true
  }
}
