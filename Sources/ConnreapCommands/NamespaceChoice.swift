import Connections
import Netlink
import Privileges
import ProcessTable
import Scanning
import Selection
import SocketDiagnostics
import SystemPackage

/// The network namespaces that a command is to look at, each once, and which name means which.
struct NamespaceChoice {
  /// Where to look. The one that connreap runs in comes first, where it is among them.
  var sources: [NamespaceSource] { places.map { $0.source(openOwn) } }
  /// What could not be found out.
  private(set) var notices: [String] = []
  /// The inodes of those that were named, as far as they could be read.
  private(set) var inodes: [NamespaceName: UInt64] = [:]

  private var places: [Place] = []
  private let files: NetworkNamespaceFiles
  private let named: [KernelName: FilePath]
  private let own: UInt64
  private let openOwn: () throws(NetlinkProblem) -> any NetlinkTransport

  /// Finds out what can be named.
  ///
  /// - Parameters:
  ///   - own: the inode of the namespace that connreap runs in.
  ///   - openOwn: opens a conversation in it.
  init(
    files: NetworkNamespaceFiles, own: UInt64,
    openOwn: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) throws(CommandFailure) {
    self.files = files
    self.own = own
    self.openOwn = openOwn
    inodes[.own] = own
    do { named = try files.named() } catch { throw Self.failure(of: error) }
  }

  /// Adds those that the `values` of the option name.
  mutating func add(_ values: [String]) throws(CommandFailure) {
    for value in values {
      // A name can have commas.
      let isName = named[KernelName(value)] != nil
      let items =
        isName ? [value[...]] : value.split(separator: ",", omittingEmptySubsequences: false)
      for item in items {
        guard let name = NamespaceName(item, among: Array(named.keys)) else {
          let known = named.keys.sorted().map(\.text)
          let nearest = NearestWord.to(String(item), among: known + ["all"])
          throw CommandFailure(
            .usage,
            "--netns: unknown network namespace \"\(EscapedText.escaped(String(item)))\""
              + (nearest.map { "; did you mean \"\(EscapedText.escaped($0))\"?" } ?? ""),
            remedy: "it is a name that 'ip netns' lists, the pid of a process in it, or all")
        }
        try add(name, orFailWith: .usage, saying: "--netns")
      }
    }
  }

  /// Adds the namespace of `name`, one that cannot be opened too, as a gap.
  ///
  /// - Parameters:
  ///   - isLookedAt: false to find out only which it is.
  ///   - word: what names it, for the message when it is not there.
  mutating func add(
    _ name: NamespaceName, isLookedAt: Bool = true, orFailWith status: ExitStatus,
    saying word: String
  ) throws(CommandFailure) {
    let file: FilePath
    switch name {
    case .own:
      if isLookedAt { append(Place(inode: own, name: nil, isOwn: true)) }
      return
    case .all:
      if isLookedAt { try addAll() }
      return
    case .named(let label): file = named[label] ?? files.file(named: label)
    case .process(let pid): file = files.file(of: pid)
    }
    var label: KernelName?
    if case .named(let known) = name { label = known }
    guard let place = place(of: file, name: label) else {
      let what =
        label.map { "there is no network namespace \(EscapedText.escaped($0))" }
        ?? "there is no process \(name)"
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

  private mutating func addAll() throws(CommandFailure) {
    append(Place(inode: own, name: nil, isOwn: true))
    for name in named.keys.sorted() {
      if let file = named[name], let place = place(of: file, name: name) { append(place) }
    }
    let (pids, unreadable): ([UInt64: Int32], Int)
    do { (pids, unreadable) = try files.ofProcesses() } catch { throw Self.failure(of: error) }
    let known = Set(places.compactMap(\.inode))
    for (inode, pid) in pids.sorted(by: { $0.value < $1.value }) where !known.contains(inode) {
      if let place = place(of: files.file(of: pid), name: nil, inode: inode) { append(place) }
    }
    guard unreadable > 0 else { return }
    notices.append(
      "the network namespaces of \(Count.text(unreadable)) process\(unreadable == 1 ? "" : "es") "
        + "could not be read; \(Self.missing.map { "\($0)" } ?? "see 'connreap doctor'")")
  }

  /// What it takes to read the namespaces of others' processes.
  private static var missing: MissingCapabilities? {
    (try? HeldCapabilities.current())
      .flatMap { MissingCapabilities(.readingOthersDescriptors, held: $0) }
  }

  /// The namespace of a file; nil when there is no such file.
  private func place(of file: FilePath, name: KernelName?, inode: UInt64? = nil) -> Place? {
    do throws(Errno) {
      let open = try OpenNetworkNamespace(file)
      return Place(inode: open.inode, name: name, isOwn: open.inode == own, way: .success(open))
    } catch .noSuchFileOrDirectory, .noSuchProcess {
      return nil
    } catch {
      return Place(inode: inode, name: name, isOwn: false, way: .failure(error))
    }
  }

  private static func failure(of problem: ProcessProblem) -> CommandFailure {
    CommandFailure(.failed, "cannot find the network namespaces: \(problem)")
  }

  private mutating func append(_ place: Place) {
    let known = places.firstIndex {
      $0.inode == nil ? $0.name != nil && $0.name == place.name : $0.inode == place.inode
    }
    if let known {
      places[known].name = places[known].name ?? place.name
    } else if place.isOwn {
      places.insert(place, at: 0)
    } else {
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

extension ScannedNamespace {
  /// Its name or, without one, its number; escaped.
  var label: String {
    name.map(EscapedText.escaped) ?? inode.map { "\($0)" } ?? "an unknown one"
  }
}
