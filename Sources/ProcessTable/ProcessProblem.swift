public import SystemPackage

/// Why `/proc` could not be read.
public enum ProcessProblem: Error, Hashable, Sendable {
  /// No process has this pid, or it is hidden from the reader (`hidepid`).
  case noSuchProcess(pid: Int32)
  /// The path could not be read.
  case unreadable(FilePath, Errno)
  /// The content of the path does not have the kernel's format.
  case malformed(FilePath)
  /// The directory shows no process at all: it is not a `/proc`, or nothing is mounted on it.
  case noProcesses(FilePath)
  /// The parents of this process kept changing while they were read, or are circular.
  case inconsistentParents(pid: Int32)
}
