public import Connections
public import Netlink
public import ProcessTable

/// Why there is no snapshot. A part that could not be read is no problem but a gap in it.
public enum ScanProblem: Error, Equatable, Sendable {
  /// The sockets of a family, nil for both, could not be listed, not even when asked several times.
  case cannotList(AddressFamily?, NetlinkProblem)
  /// `/proc` itself could not be read.
  case cannotReadProcesses(ProcessProblem)
}
