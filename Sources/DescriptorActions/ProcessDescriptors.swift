public import Connections
public import ProcessTable

/// Acts through the descriptors of the processes of this machine: pidfd_open(2), pidfd_getfd(2).
///
/// It needs neither CAP_NET_ADMIN nor to enter a network namespace, and works while a thread of the
/// program is blocked on the socket. Processes of others need CAP_SYS_PTRACE.
public struct ProcessDescriptors: DescriptorAccess {
  private let processes: ProcFileSystem

  /// Acts through those of the processes below the root of `processes`.
  public init(_ processes: ProcFileSystem = ProcFileSystem()) {
    self.processes = processes
  }

  /// Does `action` once the process, and then the socket, have proved to be the right ones.
  public func perform(
    _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool,
    through descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DescriptorEffect {
    guard let pid = processes.callablePid(of: descriptor.process.pid) else {
      throw .processGone(pid: descriptor.process.pid)
    }
    let process = try OpenProcess(pid)
    try check(descriptor.process)
    let socket = try process.duplicate(descriptor)
    let isTheOne =
      isMPTCPSubflow
      ? socket.hasSubflow(identity.local, identity.peer)
      : socket.cookie == identity.cookie.rawValue
    guard isTheOne else { throw .otherSocket(descriptor) }
    switch action {
    case .shutdown:
      try socket.shutDown()
      return .done
    case .abort:
      try socket.abort()
      return .done
    case .keepalive(let settings): return .armed(try socket.arm(settings))
    }
  }

  /// Makes sure that the process, which is kept open, is the one that was found: it has its start
  /// time still. Where that cannot be read, the cookie of the socket has to do.
  private func check(_ process: ProcessIdentity) throws(DescriptorProblem) {
    guard let expected = process.startTicks else { return }
    let started: UInt64
    do {
      started = try processes.startTicks(of: process.pid)
    } catch .noSuchProcess {
      throw .processGone(pid: process.pid)
    } catch {
      return
    }
    guard started == expected else { throw .processGone(pid: process.pid) }
  }
}
