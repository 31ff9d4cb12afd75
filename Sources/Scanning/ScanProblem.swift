public import Connections
public import Netlink
public import ProcessTable

/// Why a scan failed. A part that could not be read is a gap in the snapshot instead.
public enum ScanProblem: Error, Equatable, Sendable {
  /// The sockets of a family (nil for both) could not be listed, even after several attempts.
  case cannotList(AddressFamily?, NetlinkProblem)
  /// `/proc` itself could not be read.
  case cannotReadProcesses(ProcessProblem)
}
