internal import CLinuxProcess
internal import Connections
internal import Glibc

/// Compares the descriptor tables of two threads without reading them; see kcmp(2).
///
/// A program can have hundreds of threads that share one table of ten thousand descriptors.
enum FileTableComparison {
  /// How one table stands to another, in an order of the kernel's own.
  enum Order {
    case before
    case same
    case after
  }

  /// Whether `root` shows the kernel's own processes under the pids that system calls take, and
  /// the kernel compares tables: it may be built without kcmp, or a seccomp filter forbids it.
  static func isPossible(below root: borrowing Folder) -> Bool {
    guard root.isInProcFileSystem, let own = try? root.target(of: "self") else { return false }
    return own.decimal == UInt64(getpid()) && order(getpid(), getpid()) == .same
  }

  /// How the table of one thread stands to that of another; nil if the kernel does not tell, such
  /// as of a thread that has ended.
  static func order(_ one: Int32, _ other: Int32) -> Order? {
    switch compare_files(one, other) {
    case 0: .same
    case 1: .before
    case 2: .after
    default: nil
    }
  }
}
