import ArgumentParser
import Connections
import Operations
import Rendering
import Selection

/// The options of SELECTION: the same words in `list`, `kill` and the policy files.
struct SelectionOptions: ParsableArguments {
  @Option(parsing: .unconditionalSingleValue, help: .of(.state)) var state: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.idle)) var idle: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.stalled)) var stalled: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.age)) var age: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.inState)) var inState: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.host)) var host: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.port)) var port: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.local)) var local: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.peer)) var peer: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.localPort)) var localPort: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.peerPort)) var peerPort: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.process)) var process: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.pid)) var pid: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.unit)) var unit: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.container)) var container: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.pod)) var pod: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.cgroup)) var cgroup: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.user)) var user: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.netns)) var netns: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.interface)) var interface: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.mark)) var mark: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.receiveQueue)) var recvQueue: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.sendQueue)) var sendQueue: [String] = []
  @Flag(name: .customShort("4"), help: "the socket is IPv4") var onlyIPv4 = false
  @Flag(name: .customShort("6"), help: "the socket is IPv6, v4-mapped addresses included")
  var onlyIPv6 = false

  @Option(help: .of(.filter)) var filter: [String] = []

  @Argument(help: ArgumentHelp("a filter, as one word or many", valueName: "filter"))
  var terms: [String] = []

  private var values: [(key: SelectionKey, values: [String])] {
    var family: [String] = []
    if onlyIPv4 { family.append(AddressFamily.ipv4.name) }
    if onlyIPv6 { family.append(AddressFamily.ipv6.name) }
    return [
      (.state, state), (.family, family), (.idle, idle), (.stalled, stalled), (.inState, inState),
      (.host, host), (.port, port), (.local, local), (.peer, peer), (.localPort, localPort),
      (.peerPort, peerPort), (.process, process), (.pid, pid), (.user, user),
      (.interface, interface), (.mark, mark), (.receiveQueue, recvQueue), (.sendQueue, sendQueue),
      (.age, age), (.unit, unit), (.container, container), (.pod, pod), (.cgroup, cgroup),
      (.filter, filter + trailingFilter),
    ]
  }

  /// Refuses what cannot be combined with `--netns`.
  func checkNamespaces(_ source: SourceOptions) throws {
    try Self.checkNamespaces(netns, source)
  }

  /// Refuses what cannot be combined with `--netns`.
  static func checkNamespaces(_ netns: [String], _ source: SourceOptions) throws {
    guard !netns.isEmpty, source.record != nil || source.replay != nil else { return }
    throw ValidationError("a recording is of one network namespace: it does not go with --netns")
  }

  /// The words that are no options, as one filter.
  private var trailingFilter: [String] { terms.isEmpty ? [] : [terms.joined(separator: " ")] }

  /// Whether there is a filter, in whatever words.
  var hasFilter: Bool { !filter.isEmpty || !terms.isEmpty }

  /// Whether other network namespaces may be looked at, because one or a container is named: in a
  /// filter, which is not read yet, by the word at least.
  var mayNameNamespaces: Bool {
    let words = [SelectionKey.netns, .container, .pod].map(\.rawValue)
    return !netns.isEmpty || !container.isEmpty || !pod.isEmpty
      || (filter + terms).contains { filter in words.contains { filter.lowercased().contains($0) } }
  }

  /// Whether nothing was selected: every connection would be.
  var isEmpty: Bool { values.allSatisfy { $0.values.isEmpty } }

  /// Whether nothing but states was selected.
  var isOfStatesOnly: Bool { values.allSatisfy { $0.values.isEmpty || $0.key == .state } }

  /// The options again, as one would write them; empty when nothing was selected.
  var words: String {
    let options = (values + [(.netns, netns)]).flatMap { key, values in
      values.map { value in
        switch key {
        case .family: value == AddressFamily.ipv4.name ? "-4" : "-6"
        case .filter where trailingFilter == [value]: value
        default: "--\(key.rawValue) \(value.contains(" ") ? "'\(value)'" : value)"
        }
      }
    }
    return options.joined(separator: " ")
  }

  /// The selection that the options spell, without a default of its own.
  func predicate(names: some NameResolver) throws(CommandFailure) -> SelectionPredicate {
    do {
      let selection = try SelectionVocabulary.parse(options: values, names: names)
      for warning in selection.patternWarnings {
        let text = EscapedText.escaped("\(warning)")
        Standard.say("connreap: warning: --\(warning.key.rawValue): \(text)\n")
      }
      return selection
    } catch {
      let isTrailing = error.key == .filter && [error.value] == trailingFilter
      throw CommandFailure(
        option: isTrailing ? nil : error.key == .family ? "-4/-6" : "--\(error.key.rawValue)",
        value: error.value, "\(error)", at: error.range)
    }
  }
}

extension ArgumentHelp {
  fileprivate static func of(_ key: SelectionKey) -> ArgumentHelp {
    ArgumentHelp("\(key.help)", valueName: key.valueName)
  }
}
