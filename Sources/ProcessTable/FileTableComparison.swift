internal import CLinuxProcess
internal import Connections
internal import Glibc

/// Whether two threads share one table of descriptors; see kcmp(2).
///
/// It spares reading what is the same table over and over: a program can have hundreds of threads
/// and ten thousands of descriptors.
enum FileTableComparison {
  /// Whether `root` shows the kernel's own processes under the pids that system calls take.
  static func isPossible(below root: borrowing Folder) -> Bool {
    guard root.isInProcFileSystem, let own = try? root.target(of: "self") else { return false }
    return own.decimal == UInt64(getpid())
  }

  /// Whether the two threads share their table; false where the kernel does not tell.
  static func areShared(_ one: Int32, _ other: Int32) -> Bool { compare_files(one, other) == 0 }
}
