import Connections
import Glibc
package import Netlink
import Privileges
package import ProcessTable
import Rendering
import Scanning
package import Selection
import SocketDiagnostics
import SystemPackage

/// The network namespaces that a command is to look at, each once, and which name means which.
package struct NamespaceChoice {
  /// Where to look. The one that connreap runs in comes first, where it is among them.
  var sources: [NamespaceSource] {
    let sorted = places.filter(\.isOwn) + places.filter { !$0.isOwn }
    return sorted.map { $0.source(openOwn) }
  }
  /// What could not be found out.
  package private(set) var notices: [String] = []
  /// The inodes of those that were named, as far as they could be read.
  private(set) var inodes: [NamespaceName: UInt64] = [:]
  /// The inodes of those that ``NamespaceName/containers`` means.
  private(set) var containerInodes: Set<UInt64> = []

  private var places: [Place] = []
  private var placeOfInode: [UInt64: Int] = [:]
  private var paths: [NamespaceName: Result<OpenNetworkNamespace, Errno>] = [:]
  private let files: NetworkNamespaceFiles
  private let named: [NetworkNamespaceFiles.Named]
  private let about: [ContainerSelection]
  private let own: UInt64
  private let openOwn: () throws(NetlinkProblem) -> any NetlinkTransport

  /// Finds out what can be named.
  ///
  /// - Parameters:
  ///   - own: the inode of the namespace that connreap runs in.
  ///   - about: the selections whose containers ``NamespaceName/containers`` means.
  ///   - openOwn: opens a conversation in it.
  package init(
    files: NetworkNamespaceFiles, own: UInt64, about: [ContainerSelection] = [],
    openOwn: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) throws(CommandFailure) {
    self.files = files
    self.own = own
    self.about = about
    self.openOwn = openOwn
    inodes[.own] = own
    do { named = try files.named() } catch { throw Self.failure(of: error) }
  }

  /// The namespaces that the `values` of the option name.
  package func names(_ values: [String]) throws(CommandFailure) -> [NamespaceName] {
    let known = named.map(\.name)
    var names: [NamespaceName] = []
    for value in values {
      // A name can have commas.
      for item in NamespaceList.items(of: value, known: Set(known)) {
        guard let name = NamespaceName(item, among: known) else {
          let nearest = NearestWord.to(item, among: known.sorted().map(\.text) + ["all"])
          throw CommandFailure(
            .usage,
            "--netns: unknown network namespace \"\(EscapedText.escaped(item))\""
              + (nearest.map { "; did you mean \"\(EscapedText.escaped($0))\"?" } ?? ""),
            remedy: "it is a name that 'ip netns' lists, the pid of a process in it, a path, or all"
          )
        }
        names.append(name)
      }
    }
    return names
  }

  /// Opens what paths among `names` lead to.
  mutating func openPaths(_ names: [NamespaceName]) {
    for case .path(let path) in names {
      do throws(Errno) {
        paths[.path(path)] = .success(try OpenNetworkNamespace(FilePath(name: path)))
      } catch {
        paths[.path(path)] = .failure(error)
      }
    }
  }

  /// Adds the namespace of `name`, one that cannot be opened too, as a gap.
  ///
  /// - Parameters:
  ///   - isLookedAt: false to find out only which it is.
  ///   - word: what names it, for the message when it is not there.
  package mutating func add(
    _ name: NamespaceName, isLookedAt: Bool = true, orFailWith status: ExitStatus,
    saying word: String
  ) throws(CommandFailure) {
    let place: Place?
    switch name {
    case .own:
      if isLookedAt { append(Place(inode: own, name: nil, isOwn: true)) }
      return
    case .all:
      if isLookedAt { try addAll() }
      return
    case .containers:
      if isLookedAt { try addContainers() }
      return
    case .named(let label):
      let file = named.first { $0.name == label }?.path ?? files.file(named: label)
      place = self.place(of: file, name: label)
    case .process(let pid): place = self.place(of: files.file(of: pid), name: nil)
    case .path(let path):
      place = paths[name].flatMap { self.place($0, name: path, inode: nil) }
    }
    guard let place else {
      let what =
        switch name {
        case .process: "there is no process \(name)"
        default: "there is no network namespace \(EscapedText.escaped("\(name)"))"
        }
      throw CommandFailure(status, "\(word): \(what)")
    }
    if let inode = place.inode { inodes[name] = inode }
    if isLookedAt {
      append(place)
    } else if case .failure(let errno)? = place.way {
      notices.append(
        "\(word): cannot tell which one \(EscapedText.escaped("\(name)")) is: \(errno)"
          + (Self.missing.map { "; \($0)" } ?? ""))
    }
  }

  /// Adds those that have a file, are mounted, or are used by a process, a thread or a descriptor.
  private mutating func addAll() throws(CommandFailure) {
    append(Place(inode: own, name: nil, isOwn: true))
    for file in named {
      if let place = place(of: file.path, name: file.name) { append(place) }
    }
    do throws(ProcessProblem) {
      for (inode, file) in try files.mounted() where placeOfInode[inode] == nil {
        if let place = place(of: file.path, name: file.name, inode: inode) { append(place) }
      }
    } catch {
      throw Self.failure(of: error)
    }
    try addUsed(.threadsAndDescriptors)
  }

  /// Adds the current one, and those of the processes in the containers that are meant.
  private mutating func addContainers() throws(CommandFailure) {
    append(Place(inode: own, name: nil, isOwn: true))
    let about = about
    try addUsed(.processes) { group in
      guard let group else { return true }
      return about.contains { $0.isAbout(group) }
    }
  }

  /// Adds those that processes use.
  private mutating func addUsed(
    _ depth: NetworkNamespaceFiles.Depth,
    where isWanted: (@Sendable (ControlGroup?) -> Bool)? = nil
  ) throws(CommandFailure) {
    let names = try mountedNames()
    // One that ends between two looks may be used by others too, of which the first did not say.
    for attempt in 1...2 {
      let used: UsedNamespaces
      do {
        used = try files.used(depth, threads: Self.threads, where: isWanted)
      } catch {
        throw Self.failure(of: error)
      }
      DescriptorLimit.allow(used.files.count + places.count)
      var isAnyGone = false
      for (inode, file) in used.files.sorted(by: { $0.key < $1.key }) {
        if isWanted != nil { containerInodes.insert(inode) }
        guard placeOfInode[inode] == nil else { continue }
        if let place = place(of: file, name: names[inode], inode: inode) {
          append(place)
        } else {
          isAnyGone = true
        }
      }
      guard isAnyGone, attempt == 1 else { return noteUnreadable(used.unreadable) }
    }
  }

  /// What the files are called on which namespaces are mounted, by inode.
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

  private static var threads: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// What it takes to read the namespaces of others' processes.
  private static var missing: MissingCapabilities? {
    (try? HeldCapabilities.current())
      .flatMap { MissingCapabilities(.readingOthersDescriptors, held: $0) }
  }

  /// The namespace of a file; nil when there is no such file, or it is of another namespace than the
  /// expected one.
  private func place(of file: FilePath, name: KernelName?, inode: UInt64? = nil) -> Place? {
    let way: Result<OpenNetworkNamespace, Errno>
    do throws(Errno) { way = .success(try OpenNetworkNamespace(file)) } catch {
      way = .failure(error)
    }
    return place(way, name: name, inode: inode)
  }

  private func place(
    _ way: Result<OpenNetworkNamespace, Errno>, name: KernelName?, inode: UInt64?
  ) -> Place? {
    switch way {
    case .success(let open):
      guard inode == nil || open.inode == inode else { return nil }
      return Place(inode: open.inode, name: name, isOwn: open.inode == own, way: way)
    case .failure(.noSuchFileOrDirectory), .failure(.noSuchProcess): return nil
    // Where a namespace was seen, something else is now.
    case .failure(.invalidArgument) where inode != nil: return nil
    case .failure: return Place(inode: inode, name: name, isOwn: false, way: way)
    }
  }

  private static func failure(of problem: ProcessProblem) -> CommandFailure {
    CommandFailure(.failed, "cannot find the network namespaces: \(problem)")
  }

  private mutating func append(_ place: Place) {
    if let inode = place.inode, let known = placeOfInode[inode] {
      places[known].name = places[known].name ?? place.name
    } else if place.inode == nil,
      places.contains(where: { $0.inode == nil && $0.name == place.name })
    {
      return
    } else {
      if let inode = place.inode { placeOfInode[inode] = places.count }
      places.append(place)
    }
  }

  /// One namespace and the way into it, which the own one does not need.
  private struct Place {
    let inode: UInt64?
    var name: KernelName?
    let isOwn: Bool
    var way: Result<OpenNetworkNamespace, Errno>?

    func source(
      _ openOwn: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
    ) -> NamespaceSource {
      let namespace = ScannedNamespace(inode: inode, name: name, isOwn: isOwn)
      guard !isOwn, let way else { return NamespaceSource(namespace, openTransport: openOwn) }
      return NamespaceSource(namespace, entrance: try? way.get()) { () throws(NetlinkProblem) in
        let opened: Result<KernelTransport, NetlinkProblem>
        do throws(Errno) {
          opened = try way.get().run {
            Result { () throws(NetlinkProblem) in try KernelTransport(bus: TCPDiagnostics.bus) }
          }
        } catch {
          throw .cannotEnter(error)
        }
        return try opened.get()
      }
    }
  }
}
