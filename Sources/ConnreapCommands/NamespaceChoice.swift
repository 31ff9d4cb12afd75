import Connections
import Netlink
import Privileges
import ProcessTable
import Scanning
import Selection
import SocketDiagnostics
import SystemPackage

/// The network namespaces that `--netns` names, each once.
struct NamespaceChoice {
  /// Where to look. The one that connreap runs in comes first, where it is among them.
  var sources: [NamespaceSource] { places.map { $0.source(openOwn) } }
  /// What could not be found out.
  private(set) var notices: [String] = []

  private var places: [Place] = []
  private let own: UInt64
  private let openOwn: () throws(NetlinkProblem) -> any NetlinkTransport

  /// Reads the `values` of the option.
  ///
  /// - Parameters:
  ///   - own: the inode of the namespace that connreap runs in.
  ///   - openOwn: opens a conversation in it.
  init(
    _ values: [String], files: NetworkNamespaceFiles, own: UInt64,
    openOwn: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) throws(CommandFailure) {
    self.own = own
    self.openOwn = openOwn
    let named: [String: FilePath]
    do { named = try files.named() } catch { throw Self.failure(of: error) }
    for value in values {
      for item in value.split(separator: ",", omittingEmptySubsequences: false) {
        try add(String(item), named: named, files: files)
      }
    }
    places.sort { $0.isOwn && !$1.isOwn }
  }

  private mutating func add(
    _ item: String, named: [String: FilePath], files: NetworkNamespaceFiles
  ) throws(CommandFailure) {
    if item == "all" { return try addAll(named: named, files: files) }
    if let file = named[item] {
      add(file, name: item)
      return
    }
    if let pid = Int32(item), pid > 0, item.utf8.allSatisfy(\.isDecimalDigit) {
      guard add(files.file(of: pid), name: nil) else {
        throw CommandFailure(.usage, "--netns: there is no process \(pid)")
      }
      return
    }
    let nearest = NearestWord.to(item, among: named.keys.sorted() + ["all"])
    throw CommandFailure(
      .usage,
      "--netns: unknown network namespace \"\(EscapedText.escaped(item))\""
        + (nearest.map { "; did you mean \"\(EscapedText.escaped($0))\"?" } ?? ""),
      remedy: "it is a name that 'ip netns' lists, the pid of a process in it, or all")
  }

  private mutating func addAll(
    named: [String: FilePath], files: NetworkNamespaceFiles
  ) throws(CommandFailure) {
    append(Place(inode: own, name: nil, isOwn: true))
    for name in named.keys.sorted() {
      if let file = named[name] { add(file, name: name) }
    }
    let (pids, unreadable): ([UInt64: Int32], Int)
    do { (pids, unreadable) = try files.ofProcesses() } catch { throw Self.failure(of: error) }
    let known = Set(places.compactMap(\.inode))
    for (inode, pid) in pids.sorted(by: { $0.value < $1.value }) where !known.contains(inode) {
      add(files.file(of: pid), name: nil, inode: inode)
    }
    guard unreadable > 0 else { return }
    let remedy = (try? HeldCapabilities.current())
      .flatMap { MissingCapabilities(.readingOthersDescriptors, held: $0) }
    notices.append(
      "the network namespaces of \(Count.text(unreadable)) process\(unreadable == 1 ? "" : "es") "
        + "could not be read; \(remedy.map { "\($0)" } ?? "see 'connreap doctor'")")
  }

  /// Adds the namespace of a file; one that cannot be opened too, as a gap.
  ///
  /// - Returns: false when there is no such file.
  @discardableResult
  private mutating func add(_ file: FilePath, name: String?, inode: UInt64? = nil) -> Bool {
    do throws(Errno) {
      let open = try OpenNetworkNamespace(file)
      append(Place(inode: open.inode, name: name, isOwn: open.inode == own, way: .success(open)))
    } catch .noSuchFileOrDirectory, .noSuchProcess {
      return false
    } catch {
      append(Place(inode: inode, name: name, isOwn: false, way: .failure(error)))
    }
    return true
  }

  private static func failure(of problem: ProcessProblem) -> CommandFailure {
    CommandFailure(.failed, "cannot find the network namespaces: \(problem)")
  }

  private mutating func append(_ place: Place) {
    let known = places.firstIndex { $0.inode != nil && $0.inode == place.inode }
    guard let known else { return places.append(place) }
    places[known].name = places[known].name ?? place.name
  }

  /// One namespace and the way into it, which the own one does not need.
  private struct Place {
    let inode: UInt64?
    var name: String?
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
