public import Connections
internal import Synchronization
public import SystemPackage
internal import Threads

/// The network namespaces that processes use, each with a file that leads to it.
public struct UsedNamespaces: Sendable {
  /// The file of each namespace, by its inode: the process of the lowest pid that is in it or, where
  /// there is none, a thread or an open descriptor.
  public var files: [UInt64: FilePath] { users.mapValues { $0.file } }
  /// How many processes could not be looked at, or only in part.
  public private(set) var unreadable = 0

  fileprivate var users: [UInt64: User] = [:]

  /// Who uses a namespace. Of several, the one that lasts longest is preferred.
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
  /// How far a search goes.
  public enum Depth: Sendable {
    /// The namespace of each process.
    case processes
    /// Also those of threads, and those that a descriptor is open on.
    case threadsAndDescriptors
  }

  /// The namespaces of the processes that are wanted.
  ///
  /// The time is proportional to the number of processes, threads and descriptors.
  ///
  /// - Parameters:
  ///   - threads: how many threads share the work; at least one does it.
  ///   - isWanted: whether a process with this cgroup is looked at; the cgroup is nil when it could
  ///     not be read. Without it, all are.
  public func used(
    _ depth: Depth, threads: Int, where isWanted: (@Sendable (ControlGroup?) -> Bool)? = nil
  ) throws(ProcessProblem) -> UsedNamespaces {
    let pids = try processes.pids()
    let root = SharedFolder(try processes.openRoot())
    let places = WorkPlaces(pids.count)
    let result = Mutex(UsedNamespaces())
    let containers = processes.containers
    ParallelWork.run(threads: min(threads, pids.count)) {
      var part = UsedNamespaces()
      let names = EntryBuffer()
      while let place = places.take() {
        let pid = pids[place]
        do throws(Errno) {
          let process = try ProcessFolder(pid: pid, below: root.folder, containers)
          if let isWanted, !isWanted(process.controlGroup) { continue }
          try look(at: process, depth, names, &part)
        } catch {
          if !error.saysGone { part.addUnreadable() }
        }
      }
      result.withLock { $0.add(part) }
    }
    return result.withLock { $0 }
  }

  private func look(
    at process: borrowing ProcessFolder, _ depth: Depth, _ names: borrowing EntryBuffer,
    _ found: inout UsedNamespaces
  ) throws(Errno) {
    let pid = process.pid
    var inode: UInt64?
    // A leader that has ended is in no namespace, but its threads are.
    do { inode = try process.networkNamespace() } catch {
      guard error.saysGone, depth == .threadsAndDescriptors else { throw error }
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
        guard error.saysGone else { throw error }
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

/// A folder that several threads read below.
private final class SharedFolder: Sendable {
  let folder: Folder
  init(_ folder: consuming Folder) { self.folder = folder }
}
