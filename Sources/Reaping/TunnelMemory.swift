/// What a run has learned about where the caller's sessions come from, so that the kernel need not
/// list all sockets again whenever the guards are remade.
///
/// Both ends of a connection exist from its start. If the other end of a known session was not
/// listed, no local process can come to hold it later. A known socket of an ancestor keeps its ends.
/// New sessions and new sockets of ancestors are looked up.
public final class TunnelMemory {
  /// The ends that no socket of the examined namespaces had.
  var absent: Set<Ends> = []
  /// The ends of the sockets that ancestors hold, by inode; nil for a socket that is not a TCP
  /// connection in the examined namespaces.
  var ends: [UInt32: Ends?] = [:]

  /// An empty memory.
  public init() {}
}
