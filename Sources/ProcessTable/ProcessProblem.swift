public import SystemPackage

/// Why `/proc` did not answer.
public enum ProcessProblem: Error, Hashable, Sendable {
  /// No process has this pid, or it is hidden from the reader (`hidepid`).
  case noSuchProcess(pid: Int32)
  /// The path could not be read.
  case unreadable(FilePath, Errno)
  /// What the path holds is not what the kernel writes there.
  case malformed(FilePath)
  /// The folder shows no process at all: it is no `/proc`, or one that was not mounted.
  case noProcesses(FilePath)
  /// The parents of this process kept changing while they were read, or form a circle.
  case unsteadyParents(pid: Int32)
}
