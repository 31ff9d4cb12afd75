import Privileges
import ProcessTable
package import Scanning
package import Selection
import SystemPackage

/// The network namespaces that a command examines, each once.
package struct ExaminedNamespaces {
  /// The way into each. A row names its namespace by the index here.
  package private(set) var sources: [NamespaceSource]
  /// What could not be found out about namespaces, for the user.
  package private(set) var notices: [String] = []
  /// The inodes of the namespaces that a selection names, where they are known.
  private var inodes: [NamespaceName: UInt64] = [:]
  /// The inodes of the namespaces of containers that a selection concerns.
  private var containerInodes: Set<UInt64> = []

  init(_ sources: [NamespaceSource]) {
    self.sources = sources
  }

  /// The current namespace only.
  init(currentOf source: ConnectionSource) {
    self.init([NamespaceSource(.own, openTransport: source.openTransport)])
  }

  /// The namespaces that `--netns` names. Without a value, those that `predicate` names. If it
  /// names none, the current one and, if it concerns containers or pods, those of their processes.
  ///
  /// - Parameter values: the values of `--netns`.
  init(
    of source: ConnectionSource, netns values: [String], selecting predicate: SelectionPredicate
  ) throws(CommandFailure) {
    let named = predicate.namespaces
    // An interface has its name in the current namespace only, and a recording covers only that.
    let concernsContainers =
      predicate.namesContainers && !predicate.namesInterfaces && !source.isRecorded
    guard source.isLive, !values.isEmpty || !named.isEmpty || concernsContainers else {
      self.init(currentOf: source)
      return
    }
    if values.isEmpty {
      try self.init(
        of: source, naming: named.union(named.isEmpty ? [.containers] : [.own]),
        selectingAnyOf: [predicate],
        concerning: [ContainerSelection(of: predicate, countsContainers: false)],
        orFailWith: .usage, namedBy: "netns")
    } else {
      try self.init(of: source) { (choice) throws(CommandFailure) in
        try choice.names(values).map { .init(name: $0, status: .usage, origin: "--netns") }
          + named.map { .init(name: $0, isExamined: false, status: .usage, origin: "netns") }
      }
    }
    if predicate.namesInterfaces, sources.contains(where: { !$0.namespace.isOwn }) {
      throw CommandFailure(
        .usage,
        "--interface names one of this network namespace, so it cannot be combined with --netns",
        remedy: "select by --local or --host, or run connreap inside with 'ip netns exec'")
    }
  }

  /// Those of the namespaces `names` in which one of `predicates` can select something.
  ///
  /// - Parameters:
  ///   - known: further names, of which only the inode is read.
  ///   - concerned: the selections whose containers ``NamespaceName/containers`` means.
  ///   - status: the exit code if one does not exist.
  ///   - origin: where they were named, for that message.
  init(
    of source: ConnectionSource, naming names: Set<NamespaceName>,
    knowing known: Set<NamespaceName> = [], selectingAnyOf predicates: [SelectionPredicate],
    concerning concerned: [ContainerSelection], orFailWith status: ExitStatus,
    namedBy origin: String
  ) throws(CommandFailure) {
    try self.init(of: source, concerning: concerned) { _ throws(CommandFailure) in
      // Sorted, so that every run has the same order.
      names.sorted { "\($0)" < "\($1)" }.map { .init(name: $0, status: status, origin: origin) }
        + known.subtracting(names).map {
          .init(name: $0, isExamined: false, status: status, origin: origin)
        }
    }
    let resolved = predicates.map { $0.resolving(verdicts(of:)) }
    sources = sources.enumerated().filter { index, _ in
      resolved.contains { $0.isPossible(in: UInt16(clamping: index)) }
    }.map(\.element)
    guard !source.isRecorded || isCurrentOnly else {
      throw CommandFailure(
        .usage,
        "\(origin): --record can record the current network namespace only")
    }
  }

  private init(
    of source: ConnectionSource, concerning concerned: [ContainerSelection] = [],
    requesting requests: (NamespaceChoice) throws(CommandFailure) -> [NamespaceChoice.Request]
  ) throws(CommandFailure) {
    guard let own = source.moment.networkNamespace else {
      throw CommandFailure(
        .failed, "cannot tell which network namespace this is", remedy: "mount /proc")
    }
    var choice = try NamespaceChoice(
      files: NetworkNamespaceFiles(processes: source.processes), own: own,
      concerning: concerned, openOwn: source.openTransport)
    let requests = try requests(choice)
    // Paths are opened with the caller's own privileges.
    choice.openPaths(requests.map(\.name))
    choice = try OwnPrivileges.raising(.owners) { () throws(CommandFailure) in
      var raised = choice
      for request in requests { try raised.add(request) }
      return raised
    }
    sources = choice.sources
    notices = choice.notices
    inodes = choice.inodes
    containerInodes = choice.containerInodes
  }

  /// Whether the current namespace is the only one.
  package var isCurrentOnly: Bool { sources.count == 1 && sources[0].namespace.isOwn }

  /// Which of the examined namespaces `name` names, by their index.
  package func verdicts(of name: NamespaceName) -> [UInt16: Verdict] {
    var verdicts: [UInt16: Verdict] = [:]
    for (index, source) in sources.enumerated() {
      guard let index = UInt16(exactly: index) else { break }
      verdicts[index] = verdict(of: name, in: source.namespace)
    }
    return verdicts
  }

  private func verdict(of name: NamespaceName, in namespace: ScannedNamespace) -> Verdict {
    switch name {
    case .own: return Verdict(namespace.isOwn)
    case .all: return .yes
    case .containers:
      guard !namespace.isOwn else { return .yes }
      return namespace.inode.map { Verdict(containerInodes.contains($0)) } ?? .unknown
    case .named, .process, .path:
      guard let named = inodes[name], let inode = namespace.inode else { return .unknown }
      return Verdict(named == inode)
    }
  }

  /// Runs `work` inside each namespace, on a thread that has entered it. The current namespace and
  /// a recording need no entering.
  ///
  /// - Parameter gaps: namespaces to omit because they could not be listed.
  /// - Returns: the result in each, or why it could not be entered.
  func enteringEach<Value>(
    besides gaps: [NamespaceGap] = [], _ work: @escaping (NamespaceSource) -> Value
  ) -> [(namespace: ScannedNamespace, value: Result<Value, Errno>)] {
    let omitted = Set(gaps.map(\.namespace))
    return sources.filter { !omitted.contains($0.namespace) }.map { source in
      let namespace = source.namespace
      guard !namespace.isOwn else { return (namespace, .success(work(source))) }
      guard let openNamespace = source.openNamespace else {
        return (namespace, .failure(.notPermitted))
      }
      return (namespace, Result { () throws(Errno) in try openNamespace.run { work(source) } })
    }
  }
}
