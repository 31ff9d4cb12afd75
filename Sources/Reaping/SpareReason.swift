public import Connections
public import DescriptorActions
public import ProcessTable

/// Why a connection that is selected is not closed.
public enum SpareReason: Hashable, Sendable {
  /// It listens, and `--state listen` does not name it.
  case listener
  /// A record of the kernel's: TIME_WAIT or SYN_RECV, which no state names.
  case minisocket
  /// It is only bound to a port: there is no connection, and the kernel finds no such socket to close.
  case notConnected
  /// Its program has closed it, and no state names it.
  case orphan
  /// The program that listens has not accepted it yet.
  case inAcceptQueue
  /// It carries part of an MPTCP connection, which would live on without it.
  case mptcpSubflow
  /// No process is known to hold a descriptor of it, through which the method would work.
  case noDescriptor
  /// Its program has shut it down already, so that shutdown(2) changes nothing.
  case alreadyShutDown(TCPState)
  /// It has no peer that keepalive could ask for a sign of life.
  case noPeerToProbe(TCPState)
  /// Keepalive is on now. It was not closed: the kernel does that if its peer does not answer.
  case armed(KeepaliveChange)
  /// It had ended when a plan was read back.
  case ended
  /// Whether it still is cannot be told: its network namespace could not be looked at.
  case namespaceNotListed
  /// It is in none of the states that `--state` names for a plan.
  case stateNotSelected
  /// It is a connection of connreap's own process.
  case ownProcess
  /// A process that the caller descends from holds it.
  case ancestor(pid: Int32)
  /// `SSH_CONNECTION` names it: the caller's own session.
  case callersSession
  /// A process without which the caller's session ends holds it.
  case supportsSession(Caller.Support, pid: Int32)
  /// It is not known to be the caller's, who has only by capabilities of connreap's file, or ambient
  /// ones, the right to close.
  case ofOtherUser
  /// The machine's init holds it.
  case machineInit
  /// A process of this protected name holds it.
  case protectedName(String, pid: Int32)
  /// No owner is known, or an owner's name is not, so a protected process may hold it.
  case ownerUnknown
  /// A protected process that `/proc` does not show may hold it, besides its known owners.
  case ownerHidden(ViewLimit)
  /// A protection of a policy file covers it; the first owner, if one is known.
  case protectedByPolicy(String, KernelName? = nil)
  /// When its owners were read again, none was found; the first owner until then.
  case ownerLost(KernelName)
  /// When its owners were read again, it was no longer selected; the first owner then.
  case ownerChanged(KernelName)
  /// Its owners could not be read again, for this reason.
  case ownersUnreadable(String)
  /// When it was read again it was no longer what was selected.
  case changed(to: TCPState)
}

extension SpareReason: CustomStringConvertible {
  /// The reason, as a user reads it behind "spared".
  public var description: String {
    switch self {
    case .listener: "a listener; --state listen names it"
    case .minisocket: "nobody holds it and it ends by itself; --state names it"
    case .notConnected: "only bound to its port, not connected: only its program can close it"
    case .orphan: "its program has closed it and the kernel ends it; --state names it"
    case .inAcceptQueue: "in an accept queue: its program has not seen it yet"
    case .mptcpSubflow:
      "a subflow of an MPTCP connection, which would live on; --method shutdown ends it as a whole"
    case .noDescriptor:
      "no process is known to hold a descriptor of it; --method destroy needs none"
    case .alreadyShutDown(let state):
      "its program has shut it down: \(state.label); --method abort or destroy ends it"
    case .noPeerToProbe(let state): "in \(state.label) there is no peer to ask for a sign of life"
    case .armed(let change):
      "keepalive armed, nothing closed: \(change.new), before \(change.old)"
    case .ended: "it has ended by itself"
    case .namespaceNotListed: "its network namespace could not be looked at"
    case .stateNotSelected: "not in a state that --state selects"
    case .ownProcess: "connreap's own"
    case .ancestor(let pid): "your own session: process \(pid), which runs connreap, holds it"
    case .callersSession: "your own session"
    case .supportsSession(.terminal, let pid):
      "your own session: process \(pid) runs it on a terminal that an ancestor has open"
    case .supportsSession(.tunnel, let pid): "your own session: it passes through process \(pid)"
    case .ofOtherUser: "not known to be yours, and you are not root"
    case .machineInit: "held by the machine's init"
    case .protectedName(let name, let pid): "held by \(KernelName.label(ofProcess: KernelName(name), pid: pid)); --unprotect \(name) allows it"
    case .ownerUnknown:
      "owner unknown, so a protected process may hold it; see 'connreap doctor'"
    case .ownerHidden(let limit):
      "a hidden process may hold it too: \(limit); see 'connreap doctor'"
    case .protectedByPolicy(let protection, let owner):
      "protected by \(protection)" + (owner.map { "; held by \($0)" } ?? "")
    case .ownerLost(let earlier): "owner unknown now; it was \(earlier)"
    case .ownerChanged(let owner): "no longer what was selected: now held by \(owner)"
    case .ownersUnreadable(let problem): "its owners could not be read again: \(problem)"
    case .changed(let state): "no longer what was selected: now \(state.label), or active again"
    }
  }
}
