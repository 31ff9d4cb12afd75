/// What is known for the rest of a run about where the caller's sessions come from, so that the
/// kernel need not list all sockets again each time that the guards are made anew.
///
/// Both ends of a connection exist from the time it is made. If the other end of a session was not
/// listed when the session was known, no process of this machine can come to hold it later; and a
/// socket that an ancestor had when the session was known keeps its ends. A new session, and a new
/// socket of an ancestor, are not in here and are looked up.
public final class TunnelMemory {
  /// The ends that no socket of the namespaces that are looked at had.
  var absent: Set<Ends> = []
  /// The ends of the sockets that ancestors hold; nil for a socket that is not a TCP connection of
  /// these namespaces.
  var ends: [UInt32: Ends?] = [:]

  /// Nothing is known yet.
  public init() {}
}
