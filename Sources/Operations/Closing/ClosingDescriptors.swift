package import Connections
package import DescriptorActions
import Privileges
package import ProcessTable

/// Acts through the descriptors of processes, with CAP_SYS_PTRACE raised only meanwhile.
package struct ClosingDescriptors: DescriptorAccess {
  private let descriptors: ProcessDescriptors

  package init(_ processes: ProcFileSystem) {
    descriptors = ProcessDescriptors(processes)
  }

  package func perform(
    _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool,
    through descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DescriptorEffect {
    try OwnPrivileges.raising(PrivilegedStep.reachingOthersDescriptors.needs) {
      () throws(DescriptorProblem) in
      try descriptors.perform(
        action, on: identity, isMPTCPSubflow: isMPTCPSubflow, through: descriptor)
    }
  }
}
