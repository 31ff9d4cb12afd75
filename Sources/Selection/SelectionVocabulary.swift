import Connections

/// Parses the values of options and policy keys.
public enum SelectionVocabulary {
  /// Parses the value of one option or key; of a comma-separated list, one item must match.
  ///
  /// - Throws: ``SelectionProblem`` with the faulty part of `value`.
  public static func parse(
    key: SelectionKey, value: String, names: some NameResolver
  ) throws(SelectionProblem) -> SelectionPredicate {
    guard key == .filter else { return anyOf(try terms(key: key, value: value, names: names)) }
    do {
      return try SelectionFilter.parse(value, names: names)
    } catch {
      throw SelectionProblem(
        key: key, value: value, kind: .filter(error), range: error.range, suggestion: nil)
    }
  }

  /// Parses several options or keys into one selection.
  ///
  /// All keys must match. Of the values of one key, also if it is repeated, one must match. All
  /// filters must match. A key without values has no effect.
  public static func parse(
    options: [(key: SelectionKey, values: [String])], names: some NameResolver
  ) throws(SelectionProblem) -> SelectionPredicate {
    var order: [SelectionKey] = []
    var terms: [SelectionKey: [SelectionPredicate]] = [:]
    var filters: [SelectionPredicate] = []
    for option in options {
      for value in option.values {
        guard option.key != .filter else {
          filters.append(try parse(key: .filter, value: value, names: names))
          continue
        }
        if terms[option.key] == nil { order.append(option.key) }
        terms[option.key, default: []] += try self.terms(
          key: option.key, value: value, names: names)
      }
    }
    let parts = order.map { anyOf(terms[$0, default: []]) } + filters
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  /// A predicate that matches if any of the items does, with all states joined into one set.
  private static func anyOf(_ items: [SelectionPredicate]) -> SelectionPredicate {
    var states: TCPStateSet = []
    var parts: [SelectionPredicate] = []
    for item in items {
      if case .term(.states(let some)) = item { states.formUnion(some) } else { parts.append(item) }
    }
    if !states.isEmpty { parts.insert(.term(.states(states)), at: 0) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private static func terms(
    key: SelectionKey, value: String, names: some NameResolver
  ) throws(SelectionProblem) -> [SelectionPredicate] {
    // The name or path of a network namespace can contain a comma.
    if key == .netns, value.utf8.contains(UInt8(ascii: ",")) {
      let name = KernelName(value)
      if names.networkNamespaceNames?.contains(name) == true {
        return [.term(.namespace(NamespaceTerm(.named(name))))]
      }
      if value.hasPrefix("/"), names.hasFile(at: value) {
        return [.term(.namespace(NamespaceTerm(.path(name))))]
      }
    }
    var terms: [SelectionPredicate] = []
    for item in try ValueItem.items(of: value, for: key) {
      switch key {
      case .host: terms += try item.hosts(names).map { $0.selection(.either) }
      case .local: terms += try item.hosts(names).map { $0.selection(.local) }
      case .peer: terms += try item.hosts(names).map { $0.selection(.peer) }
      default: terms += try self.terms(item, names).map { .term($0) }
      }
    }
    return terms
  }

  private static func terms(
    _ item: ValueItem, _ names: some NameResolver
  ) throws(SelectionProblem) -> [SelectionTerm] {
    switch item.key {
    case .state: return [.states(try item.states())]
    case .idle: return [.idle(atLeast: try item.duration())]
    case .stalled: return [.stalled(atLeast: try item.duration())]
    case .inState: return [.inState(atLeast: try item.duration())]
    case .age: return [.age(atLeast: try item.duration())]
    case .port: return [.port(.either, try item.ports(names))]
    case .localPort: return [.port(.local, try item.ports(names))]
    case .peerPort: return [.port(.peer, try item.ports(names))]
    case .process: return [.process(try item.glob())]
    case .command: return [.command(try item.glob())]
    case .unit: return [.unit(try item.glob())]
    case .container:
      guard let container = ContainerReference(item.text) else {
        throw item.problem(.notAContainer)
      }
      return [.container(container)]
    case .pod:
      guard let pod = PodReference(item.text) else { throw item.problem(.notAPod) }
      return [.pod(pod)]
    case .cgroup: return [.cgroup(path: try item.controlGroupPath())]
    case .pid: return [.pid(try item.pid())]
    case .user: return [.user(try item.userID(names))]
    case .interface: return [try item.interface(names)]
    case .mark:
      let (mark, mask) = try item.mark()
      return [.mark(mark, mask: mask)]
    case .receiveQueue: return [.receiveQueue(atLeast: try item.size())]
    case .sendQueue: return [.sendQueue(atLeast: try item.size())]
    case .family: return [.family(try item.family())]
    case .netns: return [.namespace(try item.namespace(names))]
    // Handled by the callers: addresses yield several terms, and a filter has no items.
    case .host, .local, .peer, .filter: throw item.problem(.missing)
    }
  }
}

extension ValueItem {
  fileprivate func states() throws(SelectionProblem) -> TCPStateSet {
    guard let states = TCPStateSet(word: String(text)) else {
      let suggestion = NearestWord.to(text, among: TCPStateSet.words)
      throw problem(.unknownState, suggestion: suggestion)
    }
    return states
  }

  fileprivate func duration() throws(SelectionProblem) -> UInt64 {
    let milliseconds: UInt64
    do {
      milliseconds = try DurationText.parse(text)
    } catch {
      throw problem(.duration(error), at: inValue(error.range))
    }
    guard milliseconds > 0 else { throw problem(.durationZero) }
    return milliseconds
  }

  fileprivate func glob() throws(SelectionProblem) -> Glob {
    do {
      return try Glob(text)
    } catch {
      throw problem(.glob(error), at: inValue(error.range))
    }
  }

  /// An absolute path, without a trailing slash.
  fileprivate func controlGroupPath() throws(SelectionProblem) -> KernelName {
    guard text.hasPrefix("/"), !text.contains("//") else { throw problem(.notAControlGroup) }
    let hasTrailingSlash = text.utf8.count > 1 && text.utf8.last == UInt8(ascii: "/")
    return KernelName(hasTrailingSlash ? text.dropLast() : text)
  }

  /// An interface by name or, as in `ss`, by index: a removed interface has no name.
  ///
  /// `%7` is an index in any network namespace, as printed after an address.
  fileprivate func interface(_ names: some NameResolver) throws(SelectionProblem) -> SelectionTerm {
    if let index = names.interfaceIndex(of: String(text)) { return .interface(index) }
    try checkLeadingZero()
    let digits = text.hasPrefix("%") ? text.dropFirst() : text
    guard digits.isDigits, let index = UInt32(digits) else {
      throw problem(
        .unknownInterface, suggestion: NearestWord.to(text, among: names.interfaceNames))
    }
    return text.hasPrefix("%") ? .interfaceNumber(index) : .interface(index)
  }

  /// A namespace; if the names in `ip netns` are known, a name must be one of them.
  fileprivate func namespace(_ names: some NameResolver) throws(SelectionProblem) -> NamespaceTerm {
    let known = names.networkNamespaceNames
    if known?.contains(KernelName(text)) != true { try checkLeadingZero() }
    guard let name = NamespaceName(text, among: known) else {
      throw problem(
        .unknownNamespace,
        suggestion: NearestWord.to(text, among: (known ?? []).sorted().map(\.text) + ["all"])
      )
    }
    return NamespaceTerm(name)
  }

  fileprivate func family() throws(SelectionProblem) -> AddressFamily {
    guard let family = AddressFamily.allCases.first(where: { $0.name == text }) else {
      throw problem(.unknownFamily)
    }
    return family
  }
}
