import Connections
import Netlink
import Privileges
import ProcessTable
import Rendering
import Scanning
import Selection
import SocketDiagnostics
import SystemPackage
import Threads

/// Resolves names of network namespaces, and collects the namespaces to examine, each once.
struct NamespaceChoice {
  /// A name to resolve.
  struct Request {
    let name: NamespaceName
    /// Whether to examine the namespace. Otherwise only its inode is read.
    var isExamined = true
    /// The exit code if it does not exist.
    let status: ExitStatus
    /// Where it was named, for messages.
    let origin: String
  }

  /// The namespaces to examine. The current one comes first, if it is among them.
  var sources: [NamespaceSource] {
    let sorted = entries.filter(\.isOwn) + entries.filter { !$0.isOwn }
    return sorted.map { $0.source(openOwn) }
  }
  /// What could not be found out, for the user.
  private(set) var notices: [String] = []
  /// The inodes of the named namespaces, where they could be read.
  private(set) var inodes: [NamespaceName: UInt64] = [:]
  /// The inodes of the namespaces that ``NamespaceName/containers`` means.
  private(set) var containerInodes: Set<UInt64> = []

  private var entries: [Entry] = []
  private var indexOfInode: [UInt64: Int] = [:]
  private var paths: [NamespaceName: Result<OpenNetworkNamespace, Errno>] = [:]
  private let files: NetworkNamespaceFiles
  private let named: [NetworkNamespaceFiles.Named]
  private let concerned: [ContainerSelection]
  private let own: UInt64
  private let openOwn: () throws(NetlinkProblem) -> any NetlinkTransport

  /// Reads which names exist.
  ///
  /// - Parameters:
  ///   - own: the inode of the current namespace.
  ///   - concerned: the selections whose containers ``NamespaceName/containers`` means.
  ///   - openOwn: opens a conversation in the current namespace.
  init(
    files: NetworkNamespaceFiles, own: UInt64, concerning concerned: [ContainerSelection] = [],
    openOwn: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) throws(CommandFailure) {
    self.files = files
    self.own = own
    self.concerned = concerned
    self.openOwn = openOwn
    inodes[.own] = own
    do { named = try files.named() } catch { throw Self.failure(of: error) }
  }

  /// The names in the values of `--netns`.
  func names(_ values: [String]) throws(CommandFailure) -> [NamespaceName] {
    let known = named.map(\.name)
    var names: [NamespaceName] = []
    for value in values {
      // A name can contain commas.
      for item in NamespaceList.items(of: value, known: Set(known)) {
        guard let name = NamespaceName(item, among: known) else {
          let nearest = NearestWord.to(item, among: known.sorted().map(\.text) + ["all"])
          throw CommandFailure(
            .usage,
            "--netns: unknown network namespace \"\(EscapedText.escaped(item))\""
              + (nearest.map { "; did you mean \"\(EscapedText.escaped($0))\"?" } ?? ""),
            remedy: "use a name that 'ip netns' lists, the pid of a process in it, a path, or all")
        }
        names.append(name)
      }
    }
    return names
  }

  /// Opens the paths among `names`.
  mutating func openPaths(_ names: [NamespaceName]) {
    for case .path(let path) in names {
      do throws(Errno) {
        paths[.path(path)] = .success(try OpenNetworkNamespace(FilePath(name: path)))
      } catch {
        paths[.path(path)] = .failure(error)
      }
    }
  }

  /// Adds the namespace of `request`, as a gap if it cannot be opened.
  mutating func add(_ request: Request) throws(CommandFailure) {
    let name = request.name
    let entry: Entry?
    switch name {
    case .own:
      if request.isExamined { appendCurrent() }
      return
    case .all:
      if request.isExamined { try addAll() }
      return
    case .containers:
      if request.isExamined { try addContainers() }
      return
    case .named(let label):
      let file = named.first { $0.name == label }?.path ?? files.file(named: label)
      entry = self.entry(of: file, name: label)
    case .process(let pid): entry = self.entry(of: files.file(of: pid), name: nil)
    case .path(let path):
      entry = paths[name].flatMap { self.entry($0, name: path, inode: nil) }
    }
    guard let entry else {
      let what =
        switch name {
        case .process: "there is no process \(name)"
        default: "there is no network namespace \(EscapedText.escaped("\(name)"))"
        }
      throw CommandFailure(request.status, "\(request.origin): \(what)")
    }
    if let inode = entry.inode { inodes[name] = inode }
    if request.isExamined {
      append(entry)
    } else if case .failure(let errno)? = entry.opened {
      notices.append(
        "\(request.origin): cannot tell which one \(EscapedText.escaped("\(name)")) is: \(errno)"
          + (Self.missing.map { "; \($0)" } ?? ""))
    }
  }

  /// Adds every namespace that has a file, is mounted, or is used by a process, a thread or a
  /// descriptor.
  private mutating func addAll() throws(CommandFailure) {
    appendCurrent()
    for file in named {
      if let entry = entry(of: file.path, name: file.name) { append(entry) }
    }
    do throws(ProcessProblem) {
      for (inode, file) in try files.mounted() where indexOfInode[inode] == nil {
        if let entry = entry(of: file.path, name: file.name, inode: inode) { append(entry) }
      }
    } catch {
      throw Self.failure(of: error)
    }
    try addUsed(.threadsAndDescriptors)
  }

  /// Adds the current namespace, and those of the processes in the containers that are meant.
  private mutating func addContainers() throws(CommandFailure) {
    appendCurrent()
    let concerned = concerned
    try addUsed(.processes) { group in
      guard let group else { return true }
      return concerned.contains { $0.concerns(group) }
    }
  }

  /// Adds the namespaces that processes use.
  private mutating func addUsed(
    _ depth: NetworkNamespaceFiles.Depth,
    where isWanted: (@Sendable (ControlGroup?) -> Bool)? = nil
  ) throws(CommandFailure) {
    let names = try mountedNames()
    // The search reports one user of each namespace. If that ends before its file is opened, there
    // may be others, which a second search finds.
    for attempt in 1...2 {
      let used: UsedNamespaces
      do {
        used = try files.used(depth, threads: ParallelWork.processorCount, where: isWanted)
      } catch {
        throw Self.failure(of: error)
      }
      DescriptorLimit.allow(used.files.count + entries.count)
      var isAnyGone = false
      for (inode, file) in used.files.sorted(by: { $0.key < $1.key }) {
        if isWanted != nil { containerInodes.insert(inode) }
        guard indexOfInode[inode] == nil else { continue }
        if let entry = entry(of: file, name: names[inode], inode: inode) {
          append(entry)
        } else {
          isAnyGone = true
        }
      }
      guard isAnyGone, attempt == 1 else { return noteUnreadable(used.unreadable) }
    }
  }

  /// The names of the files on which namespaces are mounted, by inode.
  private func mountedNames() throws(CommandFailure) -> [UInt64: KernelName] {
    let labels = Dictionary(named.map { ($0.path, $0.name) }) { first, _ in first }
    do throws(ProcessProblem) {
      return Dictionary(
        try files.mounted().map { ($0.inode, labels[$0.file.path] ?? $0.file.name) }
      ) { first, _ in first }
    } catch {
      throw Self.failure(of: error)
    }
  }

  private mutating func noteUnreadable(_ count: Int) {
    guard count > 0 else { return }
    notices.append(
      "the network namespaces of \(Count.text(count)) process\(count == 1 ? "" : "es") "
        + "could not be read; \(Self.missing.map { "\($0)" } ?? "see 'connreap doctor'")")
  }

  /// What is missing to read the namespaces of other users' processes.
  private static var missing: MissingCapabilities? {
    MissingCapabilities(.readingOthersDescriptors)
  }

  /// The namespace of a file. Nil if there is no such file, or if it is not the namespace with the
  /// inode that was seen before.
  private func entry(of file: FilePath, name: KernelName?, inode: UInt64? = nil) -> Entry? {
    entry(
      Result { () throws(Errno) in try OpenNetworkNamespace(file) }, name: name, inode: inode)
  }

  private func entry(
    _ opened: Result<OpenNetworkNamespace, Errno>, name: KernelName?, inode: UInt64?
  ) -> Entry? {
    switch opened {
    case .success(let open):
      guard inode == nil || open.inode == inode else { return nil }
      return Entry(inode: open.inode, name: name, isOwn: open.inode == own, opened: opened)
    case .failure(.noSuchFileOrDirectory), .failure(.noSuchProcess): return nil
    // The file was a namespace when its inode was read.
    case .failure(.invalidArgument) where inode != nil: return nil
    case .failure: return Entry(inode: inode, name: name, isOwn: false, opened: opened)
    }
  }

  private static func failure(of problem: ProcessProblem) -> CommandFailure {
    CommandFailure(.failed, "cannot find the network namespaces: \(problem)")
  }

  private mutating func appendCurrent() {
    append(Entry(inode: own, name: nil, isOwn: true, opened: nil))
  }

  private mutating func append(_ entry: Entry) {
    if let inode = entry.inode, let known = indexOfInode[inode] {
      entries[known].name = entries[known].name ?? entry.name
    } else if entry.inode == nil,
      entries.contains(where: { $0.inode == nil && $0.name == entry.name })
    {
      return
    } else {
      if let inode = entry.inode { indexOfInode[inode] = entries.count }
      entries.append(entry)
    }
  }

  /// A namespace, and its open file if it is not the current one.
  private struct Entry {
    let inode: UInt64?
    var name: KernelName?
    let isOwn: Bool
    let opened: Result<OpenNetworkNamespace, Errno>?

    func source(
      _ openOwn: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
    ) -> NamespaceSource {
      let namespace = ScannedNamespace(inode: inode, name: name, isOwn: isOwn)
      guard !isOwn, let opened else { return NamespaceSource(namespace, openTransport: openOwn) }
      return NamespaceSource(namespace, openNamespace: try? opened.get()) {
        () throws(NetlinkProblem) in
        let transport: Result<KernelTransport, NetlinkProblem>
        do throws(Errno) {
          transport = try opened.get().run {
            Result { () throws(NetlinkProblem) in try KernelTransport(bus: TCPDiagnostics.bus) }
          }
        } catch {
          throw .cannotEnter(error)
        }
        return try transport.get()
      }
    }
  }
}
