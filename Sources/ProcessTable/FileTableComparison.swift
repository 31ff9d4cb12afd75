internal import CLinuxProcess
internal import Connections
internal import Glibc

/// Compares the descriptor tables of two threads without reading them; see kcmp(2).
///
/// A program can have hundreds of threads that share one table of ten thousand descriptors.
enum FileTableComparison {
  /// The order of two tables. The kernel defines it arbitrarily.
  enum Order {
    case before
    case same
    case after
  }

  /// Whether the kernel can compare tables, and `root` shows the pids that system calls take.
  ///
  /// The kernel may be built without kcmp, or a seccomp filter may forbid it.
  static func isPossible(below root: borrowing Directory) -> Bool {
    guard root.isInProcFileSystem, let own = try? root.target(of: "self") else { return false }
    return own.decimal == UInt64(getpid()) && order(getpid(), getpid()) == .same
  }

  /// Compares the tables of two threads; nil if the kernel cannot, for example after a thread has
  /// ended.
  static func order(_ lhs: Int32, _ rhs: Int32) -> Order? {
    switch compare_files(lhs, rhs) {
    case 0: .same
    case 1: .before
    case 2: .after
    default: nil
    }
  }
}
