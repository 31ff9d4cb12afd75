package import Connections
import DescriptorActions
import Privileges
package import ProcessTable
import Threads

/// The descriptors of TCP connections that no longer exist, which programs still hold.
///
/// A connection is gone after connreap or the peer has reset it, but its descriptor stays until the
/// program closes it. The kernel lists no socket for it.
package struct DeadDescriptors {
  /// The processes with dead descriptors and their numbers.
  package private(set) var counts: [ProcessIdentity: Int] = [:]
  /// Those processes.
  package private(set) var processes: [ProcessIdentity: OwnerProcess] = [:]
  /// Processes with sockets that could not be examined.
  package private(set) var unknown: Set<ProcessIdentity> = []
  /// The pids of processes whose descriptors could not be read.
  private var unreadable: Set<Int32> = []

  package init() {}

  /// The number of dead descriptors of a process; nil if unknown.
  package func count(of process: ProcessIdentity) -> Int? {
    unknown.contains(process) || unreadable.contains(process.pid) ? nil : counts[process] ?? 0
  }

  /// Searches the descriptors of all processes; nil if they cannot be read.
  ///
  /// - Parameters:
  ///   - listed: the inodes of sockets that the kernel has listed. Each is alive, so it is not
  ///     examined.
  ///   - details: what to read about the processes.
  ///   - isWanted: whether to examine a process.
  package init?(
    on system: LiveSystem, besides listed: Set<UInt32>, reading details: OwnerDetails = .facts,
    of isWanted: (OwnerProcess) -> Bool
  ) {
    guard system.isLive, system.knowsOwners else { return nil }
    let processes = system.processes
    let found = OwnPrivileges.raising(PrivilegedStep.readingOthersDescriptors.needs) {
      try? processes.findOwners(
        of: .everySocket, reading: details, threads: ParallelWork.processorCount)
    }
    guard let table = found else { return nil }
    unreadable = Set(table.gaps.map(\.pid))
    var candidates: [UInt32: [Int32]] = [:]
    for holding in table.holdings where !listed.contains(holding.inode) {
      candidates[holding.process, default: []].append(holding.descriptor)
    }
    OwnPrivileges.raising(PrivilegedStep.readingOthersDescriptors.needs) {
      for (index, descriptors) in candidates {
        let process = table.processes[Int(index)]
        if isWanted(process) { examine(descriptors, of: process, processes) }
      }
    }
  }

  private mutating func examine(
    _ descriptors: [Int32], of process: OwnerProcess, _ files: ProcFileSystem
  ) {
    var sockets: [Int32] = []
    for descriptor in descriptors {
      switch files.isTCPSocket(descriptor, of: process.pid) {
      case true: sockets.append(descriptor)
      case false: continue
      default:
        unknown.insert(process.identity)
        return
      }
    }
    guard !sockets.isEmpty else { return }
    guard let pid = files.callablePid(of: process.pid) else {
      unknown.insert(process.identity)
      return
    }
    do throws(DescriptorProblem) {
      let holder = try OpenProcess(pid)
      // The pid may belong to a later process by now.
      guard let start = process.identity.startTicks,
        (try? files.startTicks(of: process.pid)) == start
      else { return }
      var count = 0
      for number in sockets {
        do throws(DescriptorProblem) {
          let socket = try holder.duplicate(
            SocketDescriptor(process: process.identity, number: number))
          guard let isDead = socket.isDeadConnection() else {
            unknown.insert(process.identity)
            return
          }
          if isDead { count += 1 }
        } catch .descriptorGone {
          continue
        }
      }
      guard count > 0 else { return }
      counts[process.identity] = count
      processes[process.identity] = process
    } catch {
      switch error {
      case .processGone: break
      default: unknown.insert(process.identity)
      }
    }
  }
}
