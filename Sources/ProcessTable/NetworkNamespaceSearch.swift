public import Connections
internal import Synchronization
public import SystemPackage
internal import Threads

/// The network namespaces that processes use, each with a file that refers to it.
public struct UsedNamespaces: Sendable {
  /// The file of each namespace, by inode: the process in it with the lowest pid. If no process is
  /// in it, the file of a thread or an open descriptor.
  public var files: [UInt64: FilePath] { users.mapValues { $0.file } }
  /// The number of processes that could not be read, or only in part.
  public private(set) var unreadable = 0

  fileprivate var users: [UInt64: User] = [:]

  /// A user of a namespace. Of several, the kind that tends to last longest is preferred.
  fileprivate struct User: Sendable {
    enum Kind: Int { case process, thread, descriptor }
    let kind: Kind
    let pid: Int32
    let file: FilePath

    func comes(before other: User) -> Bool {
      (kind.rawValue, pid) < (other.kind.rawValue, other.pid)
    }
  }

  fileprivate mutating func add(_ inode: UInt64, _ user: @autoclosure () -> User) {
    let user = user()
    if let known = users[inode], !user.comes(before: known) { return }
    users[inode] = user
  }

  fileprivate mutating func add(_ other: UsedNamespaces) {
    unreadable += other.unreadable
    for (inode, user) in other.users { add(inode, user) }
  }

  fileprivate mutating func addUnreadable() { unreadable += 1 }
}

extension NetworkNamespaceFiles {
  /// What a search includes.
  public enum Depth: Sendable {
    /// The namespace of each process.
    case processes
    /// Also the namespaces of threads and of open descriptors.
    case threadsAndDescriptors
  }

  /// The namespaces of the selected processes.
  ///
  /// The time is proportional to the number of processes, threads and descriptors.
  ///
  /// - Parameters:
  ///   - threads: how many threads share the work; at least one does it.
  ///   - isWanted: whether to read a process with this cgroup, which is nil if it could not be
  ///     read. By default, all processes are read.
  public func used(
    _ depth: Depth, threads: Int, where isWanted: (@Sendable (ControlGroup?) -> Bool)? = nil
  ) throws(ProcessProblem) -> UsedNamespaces {
    let pids = try processes.pids()
    let root = SharedDirectory(try processes.openRoot())
    let slots = WorkerSlots(pids.count)
    let result = Mutex(UsedNamespaces())
    let containers = processes.containers
    ParallelWork.run(threads: min(threads, pids.count)) {
      var part = UsedNamespaces()
      let names = EntryBuffer()
      while let index = slots.take() {
        let pid = pids[index]
        do throws(Errno) {
          let process = try ProcessDirectory(pid: pid, below: root.directory, containers)
          if let isWanted, !isWanted(process.controlGroup) { continue }
          try read(process, depth, names, &part)
        } catch {
          if !error.meansGone { part.addUnreadable() }
        }
      }
      result.withLock { $0.add(part) }
    }
    return result.withLock { $0 }
  }

  private func read(
    _ process: borrowing ProcessDirectory, _ depth: Depth, _ names: borrowing EntryBuffer,
    _ found: inout UsedNamespaces
  ) throws(Errno) {
    let pid = process.pid
    var inode: UInt64?
    // A leader that has ended is in no namespace, but its threads are.
    do { inode = try process.networkNamespace() } catch {
      guard error.meansGone, depth == .threadsAndDescriptors else { throw error }
    }
    if let inode {
      found.add(inode, .init(kind: .process, pid: pid, file: file(of: pid)))
    }
    guard depth == .threadsAndDescriptors else { return }
    let tasks = try process.open("task")
    var threads: [Int32] = []
    try tasks.forEachNumber(names) { if $0 != pid { threads.append($0) } }
    for thread in threads {
      let own: UInt64
      do { own = try tasks.networkNamespace("\(thread)/ns/net") } catch {
        guard error.meansGone else { throw error }
        continue
      }
      guard own != inode else { continue }
      found.add(
        own,
        .init(
          kind: .thread, pid: pid, file: processes.path(to: "\(pid)/task/\(thread)/ns/net")))
    }
    try process.open("fd").forEachNetworkNamespace(names) { descriptor, open in
      guard open != inode else { return }
      found.add(
        open,
        .init(kind: .descriptor, pid: pid, file: processes.path(to: "\(pid)/fd/\(descriptor)")))
    }
  }
}

/// A directory that several threads share.
private final class SharedDirectory: Sendable {
  let directory: Directory
  init(_ directory: consuming Directory) { self.directory = directory }
}
