public import Connections
public import ProcessTable

/// Acts through descriptors of this machine's processes: pidfd_open(2), pidfd_getfd(2).
///
/// It needs neither CAP_NET_ADMIN nor access to the network namespace, and works while a thread of
/// the program is blocked on the socket. Processes of other users need CAP_SYS_PTRACE.
public struct ProcessDescriptors: DescriptorAccess {
  private let processes: ProcFileSystem

  /// Creates a value that acts on `processes`.
  public init(_ processes: ProcFileSystem = ProcFileSystem()) {
    self.processes = processes
  }

  /// Performs `action` after verifying that the process and the socket are the right ones.
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
    let isRightSocket =
      isMPTCPSubflow
      ? socket.hasSubflow(identity.local, identity.peer)
      : socket.cookie == identity.cookie.rawValue
    guard isRightSocket else { throw .otherSocket(descriptor) }
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

  /// Verifies by its start time that the opened process is the one that was found.
  ///
  /// If the start time cannot be read, only the socket's cookie is checked.
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
