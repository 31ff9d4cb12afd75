import Connections
import Glibc
package import Netlink
import Privileges
package import ProcessTable
import Reaping
import Rendering
package import Scanning
package import Selection
import SocketDiagnostics
import StateFiles
import SystemPackage

/// The one place where the parts are put together: the running kernel, or a recording of one.
package struct LiveSystem {
  package let processes: ProcFileSystem
  package let moment: ScanMoment
  /// Whether owners can be found: a recording without a copy of `/proc` has none.
  package let knowsOwners: Bool
  /// Whether this is the running kernel, so that something can be closed.
  package let isLive: Bool
  package let openTransport: () throws(NetlinkProblem) -> any NetlinkTransport
  /// What tells the counters of the network namespace.
  package let counters: ProcFileSystem
  /// Whether long work says on the terminal how far it is.
  package var showsProgress = true

  /// The network namespaces that are looked at.
  package private(set) var namespaces: [NamespaceSource]
  /// What could not be found out of them.
  package private(set) var namespaceNotices: [String] = []
  /// The inodes of those that a selection names, as far as they are known.
  private var namespaceInodes: [NamespaceName: UInt64] = [:]
  /// The inodes of those of the containers that a selection is about.
  private var containerInodes: Set<UInt64> = []

  private let recorder: Recorder?

  private enum FactName {
    static let kernel = "kernel"
    static let bootID = "boot-id"
    static let uptime = "uptime-ms"
    static let networkNamespace = "network-namespace"
  }

  package init(_ source: SystemSource) throws(CommandFailure) {
    switch source {
    case .kernel(let path): try self.init(recordingTo: path)
    case .recording(let path, let procRoot): try self.init(replaying: path, procRoot: procRoot)
    }
  }

  /// The running kernel.
  private init(recordingTo path: String?) throws(CommandFailure) {
    processes = ProcFileSystem(containers: ContainerDirectory())
    counters = processes
    moment = ScanMoment(
      bootID: try? processes.bootID(), networkNamespace: try? processes.networkNamespace(),
      uptime: SystemClock.uptime, kernelRelease: Self.kernelRelease)
    knowsOwners = true
    isLive = true
    guard let path else {
      recorder = nil
      openTransport = { () throws(NetlinkProblem) in
        try KernelTransport(bus: TCPDiagnostics.bus)
      }
      namespaces = [NamespaceSource(.own, openTransport: openTransport)]
      return
    }
    let recorder = Recorder(try FileContents.output(path, "--record"))
    self.recorder = recorder
    recorder.recording.facts = Self.facts(of: moment)
    openTransport = { () throws(NetlinkProblem) in
      RecordingTransport(try KernelTransport(bus: TCPDiagnostics.bus)) {
        recorder.recording.entries.append($0)
      }
    }
    namespaces = [NamespaceSource(.own, openTransport: openTransport)]
  }

  /// A recording, with the processes of a copied `/proc`, if there is one.
  private init(replaying path: String, procRoot: String?) throws(CommandFailure) {
    let (recording, transport) = try Self.readRecording(path)
    processes = ProcFileSystem(root: FilePath(procRoot ?? "/nonexistent"))
    counters = processes
    moment = ScanMoment(
      bootID: recording.fact(FactName.bootID),
      networkNamespace: recording.fact(FactName.networkNamespace).flatMap { UInt64($0) },
      uptime: recording.fact(FactName.uptime).flatMap { UInt64($0) },
      kernelRelease: recording.fact(FactName.kernel))
    knowsOwners = procRoot != nil
    isLive = false
    recorder = nil
    openTransport = { () throws(NetlinkProblem) in transport }
    namespaces = [NamespaceSource(.own, openTransport: openTransport)]
  }

  /// The same system, looked at in the namespace of `source` only, by a thread that has entered it.
  package init(_ system: LiveSystem, inside source: NamespaceSource) {
    processes = system.processes
    counters = source.namespace.isOwn ? system.counters : system.processes.ofThread
    var moment = system.moment
    moment.networkNamespace = source.namespace.inode ?? moment.networkNamespace
    self.moment = moment
    (knowsOwners, isLive, showsProgress) = (system.knowsOwners, system.isLive, false)
    openTransport = source.openTransport
    namespaces = [source]
    recorder = nil
  }

  /// The same system, looked at in the network namespaces that `--netns` names; without a value, in
  /// those that the selection itself names. If it names none, those are the current one and, if it is
  /// about containers or pods, those of their processes.
  package func inNamespaces(
    _ values: [String], of predicate: SelectionPredicate
  ) throws(CommandFailure) -> LiveSystem {
    let named = predicate.namespaces
    guard isLive else { return self }
    // An interface has its name in the current namespace only, and a recording is of that one.
    let isAboutContainers =
      predicate.namesContainers && !predicate.namesInterfaces && recorder == nil
    guard !values.isEmpty || !named.isEmpty || isAboutContainers else { return self }
    var system: LiveSystem
    if values.isEmpty {
      system = try inNamespaces(
        named.union(named.isEmpty ? [.containers] : [.own]), knowing: [], ofAnyOf: [predicate],
        about: [ContainerSelection(of: predicate, countsContainers: false)], orFailWith: .usage,
        saying: "netns")
    } else {
      system = try choosing { (choice) throws(CommandFailure) in
        try choice.names(values).map { ($0, true) } + named.map { ($0, false) }
      } orFailWith: { isOption in
        isOption ? (.usage, "--netns") : (.usage, "netns")
      }
    }
    if predicate.namesInterfaces, system.namespaces.contains(where: { !$0.namespace.isOwn }) {
      throw CommandFailure(
        .usage, "--interface names one of this network namespace, so it does not go with --netns",
        remedy: "select by --local or --host, or run connreap inside with 'ip netns exec'")
    }
    return system
  }

  /// The same system, looked at in those of the namespaces `names` in which one of `predicates` can
  /// select something.
  ///
  /// - Parameters:
  ///   - known: names of which only is found out which they are.
  ///   - about: the selections whose containers ``NamespaceName/containers`` means.
  ///   - word: what names them, for the message when one is not there.
  package func inNamespaces(
    _ names: Set<NamespaceName>, knowing known: Set<NamespaceName>,
    ofAnyOf predicates: [SelectionPredicate], about: [ContainerSelection] = [],
    orFailWith status: ExitStatus, saying word: String
  ) throws(CommandFailure) -> LiveSystem {
    var system = try choosing(about: about) { _ throws(CommandFailure) in
      // In an order that is the same in every run.
      names.sorted { "\($0)" < "\($1)" }.map { ($0, true) }
        + known.subtracting(names).map { ($0, false) }
    } orFailWith: { _ in
      (status, word)
    }
    let resolved = predicates.map { $0.knowing(system.verdicts(of:)) }
    system.namespaces = system.namespaces.enumerated().filter { index, _ in
      resolved.contains { $0.isPossible(in: UInt16(clamping: index)) }
    }.map(\.element)
    guard recorder == nil || system.looksAtOwnNamespaceOnly else {
      throw CommandFailure(
        .usage, "\(word): a recording is of one network namespace, and --record of the current one")
    }
    return system
  }

  /// The same system, looked at in some of the namespaces that `names` gives.
  ///
  /// - Parameters:
  ///   - about: the selections whose containers ``NamespaceName/containers`` means.
  ///   - names: each with whether it is looked at; otherwise, only which it is is found out.
  ///   - failure: the exit code when one is not there, and the word that named it.
  private func choosing(
    about: [ContainerSelection] = [],
    _ names: (NamespaceChoice) throws(CommandFailure) -> [(NamespaceName, isLookedAt: Bool)],
    orFailWith failure: (Bool) -> (ExitStatus, String)
  ) throws(CommandFailure) -> LiveSystem {
    guard let own = moment.networkNamespace else {
      throw CommandFailure(
        .failed, "cannot tell which network namespace this is", remedy: "mount /proc")
    }
    var choice = try NamespaceChoice(
      files: NetworkNamespaceFiles(processes: processes), own: own, about: about,
      openOwn: openTransport)
    let names = try names(choice)
    // What a path names is opened with the rights of the caller alone.
    choice.openPaths(names.map(\.0))
    choice = try OwnPrivileges.raising(.owners) { () throws(CommandFailure) in
      var raised = choice
      for (name, isLookedAt) in names {
        let (status, word) = failure(isLookedAt)
        try raised.add(name, isLookedAt: isLookedAt, orFailWith: status, saying: word)
      }
      return raised
    }
    var system = self
    (system.namespaces, system.namespaceNotices) = (choice.sources, choice.notices)
    (system.namespaceInodes, system.containerInodes) = (choice.inodes, choice.containerInodes)
    return system
  }

  /// What `name` says of each namespace that is looked at, by its index.
  package func verdicts(of name: NamespaceName) -> [UInt16: Verdict] {
    var verdicts: [UInt16: Verdict] = [:]
    for (index, source) in namespaces.enumerated() {
      guard let index = UInt16(exactly: index) else { break }
      verdicts[index] =
        switch name {
        case .own: Verdict(source.namespace.isOwn)
        case .all: .yes
        case .containers:
          if source.namespace.isOwn {
            .yes
          } else if let inode = source.namespace.inode {
            Verdict(containerInodes.contains(inode))
          } else {
            .unknown
          }
        case .named, .process, .path:
          if let named = namespaceInodes[name], let inode = source.namespace.inode {
            Verdict(named == inode)
          } else {
            .unknown
          }
        }
    }
    return verdicts
  }

  /// Looks for connections on all cores.
  var scanner: Scanner { scanner(halvingPort: nil) }

  /// Counts connections on all cores.
  package var counter: Scanner { scanner(halvingPort: halvingPort) }

  private func scanner(halvingPort: UInt16?) -> Scanner {
    Scanner(
      processes: processes, controlGroups: isLive ? (try? processes.controlGroupTree()) : nil,
      threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      namespaces: namespaces, halvingPort: halvingPort)
  }

  /// How many sockets there are on a machine that counts them with two cores.
  private static let manySockets: Int64 = 50_000

  /// The middle of the ports that the kernel chooses from: connections have one of those at the end
  /// that asked for them. Nil where one core is enough to count them, and for recordings, which are
  /// of one thread's conversation.
  private var halvingPort: UInt16? {
    guard isLive, recorder == nil,
      let sockets = (try? processes.counters(.sockstat))?["TCP", "alloc"],
      sockets >= Self.manySockets,
      let ends = try? processes.setting("net.ipv4.ip_local_port_range"), ends.count == 2
    else { return nil }
    return UInt16(exactly: (ends[0] + ends[1]) / 2)
  }

  /// Closes connections that were found in `looked`, the namespaces of a snapshot: it may be older
  /// than this look at which namespaces there are, and connections name theirs by its place there.
  func reaper(for looked: [ScannedNamespace]) -> Reaper {
    let (processes, namespaces) = (processes, namespaces)
    return Reaper(
      uptime: { SystemClock.uptime },
      through: ClosingDescriptors(processes),
      openTransportOf: { (index) throws(NetlinkProblem) in
        let wanted = looked[Int(index)]
        guard
          let source = namespaces.first(where: {
            $0.namespace.inode == wanted.inode && $0.namespace.isOwn == wanted.isOwn
          })
        else { throw .cannotEnter(.noSuchFileOrDirectory) }
        return try ClosingTransport(opening: source.openTransport)
      })
  }

  /// Writes what was recorded, if that was asked for.
  package func finish() throws {
    try recorder?.save()
  }

  private static func facts(of moment: ScanMoment) -> [Recording.Fact] {
    var facts: [Recording.Fact] = []
    if let kernel = moment.kernelRelease { facts.append(.init(FactName.kernel, kernel)) }
    if let bootID = moment.bootID { facts.append(.init(FactName.bootID, bootID)) }
    if let uptime = moment.uptime { facts.append(.init(FactName.uptime, "\(uptime)")) }
    if let namespace = moment.networkNamespace {
      facts.append(.init(FactName.networkNamespace, "\(namespace)"))
    }
    return facts
  }

  /// Reads a recording of connreap's or a raw dump of `ss -D`, which tells nothing of the machine.
  private static func readRecording(
    _ path: String
  ) throws(CommandFailure) -> (Recording, any NetlinkTransport) {
    let bytes = try FileContents.read(path, limit: FileContents.recordingLimit) { start in
      RawDump.isStart(of: Array(start)) || Recording.isStart(of: start)
    }
    do {
      if RawDump.isStart(of: bytes) {
        return (Recording(), RawDumpTransport(try RawDump(bytes)))
      }
      let recording = try Recording(text: bytes)
      return (recording, ReplayTransport(recording))
    } catch {
      throw CommandFailure(.badData, "\(EscapedText.escaped(path)): \(error)")
    }
  }

  /// `uname -r`.
  private static var kernelRelease: String? {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return nil }
    return unsafe withUnsafeBytes(of: names.release) { unsafe text($0) }
  }

  /// `uname -n`: what this machine is called.
  package static var hostName: String? {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return nil }
    return unsafe withUnsafeBytes(of: names.nodename) { unsafe text($0) }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Collects a conversation until it is saved.
private final class Recorder {
  var recording = Recording()
  private let output: OutputFile

  init(_ output: OutputFile) {
    self.output = output
  }

  /// The file is for this user alone, whoever made the one before: it says who talks to whom.
  func save() throws {
    try FileContents.write(
      recording.text, to: output, "--record", permissions: .ownerReadWrite, keepsOwner: false)
  }
}
