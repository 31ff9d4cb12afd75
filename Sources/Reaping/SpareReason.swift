public import Connections
public import DescriptorActions
public import ProcessTable

/// Why a selected connection is not closed.
public enum SpareReason: Hashable, Sendable {
  /// It listens, and `--state` does not name LISTEN.
  case listener
  /// A kernel record (TIME_WAIT or SYN_RECV) whose state was not named.
  case minisocket
  /// It is bound to a port but not connected. The kernel does not close such sockets.
  case notConnected
  /// Its program has closed it, and its state was not named.
  case orphan
  /// The listening program has not accepted it yet.
  case inAcceptQueue
  /// It is a subflow of an MPTCP connection, which would survive.
  case mptcpSubflow
  /// No known process holds a descriptor, which the method needs.
  case noDescriptor
  /// Its program has already shut it down, so shutdown(2) would have no effect.
  case alreadyShutDown(TCPState)
  /// It has no peer that keepalive could probe.
  case noPeerToProbe(TCPState)
  /// Keepalive is now on: the kernel closes it if its peer does not answer.
  case armed(KeepaliveChange)
  /// It had ended when a plan was read back.
  case ended
  /// Its network namespace could not be examined, so whether it still exists is unknown.
  case namespaceNotListed
  /// It is in none of the states that `--state` names for a plan.
  case stateNotSelected
  /// It is a connection of connreap's own process.
  case ownProcess
  /// An ancestor of connreap holds it.
  case ancestor(pid: Int32)
  /// It is the caller's own session, as `SSH_CONNECTION` says.
  case callersSession
  /// A process that the caller's session needs holds it.
  case supportsSession(Caller.Support, pid: Int32)
  /// It is not known to belong to the caller, who may close only by a file or ambient capability.
  case ofOtherUser
  /// The machine's init holds it.
  case machineInit
  /// A process with this protected name holds it.
  case protectedName(String, pid: Int32)
  /// The owner or its name is unknown, so a protected process may hold it.
  case ownerUnknown
  /// Besides its known owners, a protected process that `/proc` does not show may hold it.
  case ownerHidden(ViewLimit)
  /// A protection of a policy file covers it; with the first owner, if known.
  case protectedByPolicy(String, KernelName? = nil)
  /// No owner was found when its owners were reread; with the first earlier owner.
  case ownerLost(KernelName)
  /// It was no longer selected when its owners were reread; with the first current owner.
  case ownerChanged(KernelName)
  /// Its owners could not be reread, for this reason.
  case ownersUnreadable(String)
  /// It was no longer selected when it was read again.
  case changed(to: TCPState)
}

extension SpareReason: CustomStringConvertible {
  /// The reason, for a user, to follow "spared".
  public var description: String {
    switch self {
    case .listener: "a listener; close it with --state listen"
    case .minisocket: "a kernel record that ends by itself; close it with --state"
    case .notConnected: "bound but not connected; only its program can close it"
    case .orphan: "closed by its program, and the kernel is ending it; close it with --state"
    case .inAcceptQueue: "in an accept queue; its program has not accepted it yet"
    case .mptcpSubflow:
      "a subflow of an MPTCP connection, which would survive; --method shutdown closes all of it"
    case .noDescriptor:
      "no known process holds a descriptor of it; --method destroy needs none"
    case .alreadyShutDown(let state):
      "already shut down by its program: \(state.label); use --method abort or destroy"
    case .noPeerToProbe(let state): "no peer to probe in \(state.label)"
    case .armed(let change):
      "keepalive armed, not closed: \(change.new), before \(change.old)"
    case .ended: "it has ended by itself"
    case .namespaceNotListed: "its network namespace could not be examined"
    case .stateNotSelected: "not in a state that --state selects"
    case .ownProcess: "connreap's own connection"
    case .ancestor(let pid): "your own session: held by process \(pid), which runs connreap"
    case .callersSession: "your own session"
    case .supportsSession(.terminal, let pid):
      "your own session: process \(pid) runs a terminal that an ancestor of connreap uses"
    case .supportsSession(.tunnel, let pid): "your own session: it passes through process \(pid)"
    case .ofOtherUser: "not known to be yours, and you are not root"
    case .machineInit: "held by the machine's init"
    case .protectedName(let name, let pid):
      "held by \(KernelName.label(ofProcess: KernelName(name), pid: pid)); "
        + "--unprotect \(name) allows it"
    case .ownerUnknown:
      "owner unknown, so a protected process may hold it; see 'connreap doctor'"
    case .ownerHidden(let limit):
      "a hidden process may hold it too: \(limit); see 'connreap doctor'"
    case .protectedByPolicy(let protection, let owner):
      "protected by \(protection)" + (owner.map { "; held by \($0)" } ?? "")
    case .ownerLost(let earlier): "owner unknown now; it was \(earlier)"
    case .ownerChanged(let owner): "no longer selected: now held by \(owner)"
    case .ownersUnreadable(let problem): "its owners could not be reread: \(problem)"
    case .changed(let state): "no longer selected: now \(state.label), or active again"
    }
  }
}
