public import Connections
internal import Glibc

extension ProcFileSystem {
  /// The processor time that all threads of `process` have used: `utime` plus `stime` of
  /// `/proc/PID/stat`, in whole clock ticks (usually 10 ms).
  ///
  /// - Throws: ``ProcessProblem/noSuchProcess(pid:)`` if the process has ended, even if its pid is
  ///   reused.
  public func processorTime(
    of process: ProcessIdentity
  ) throws(ProcessProblem) -> Duration {
    let status = try status(of: process.pid)
    guard status.startTicks == process.startTicks else {
      throw .noSuchProcess(pid: process.pid)
    }
    guard let ticks = status.processorTicks else {
      throw .malformed(path(to: "\(process.pid)/stat"))
    }
    return Self.duration(ofTicks: ticks)
  }

  /// The time from boot to the start of `process`; nil if unknown.
  public func startTime(of process: ProcessIdentity) -> Duration? {
    process.startTicks.map(Self.duration)
  }

  private static func duration(ofTicks ticks: UInt64) -> Duration {
    .seconds(Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))))
  }
}
