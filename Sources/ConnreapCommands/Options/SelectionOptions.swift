import ArgumentParser
import Connections
import Operations
import Rendering
import Selection

/// The selection options of most commands.
typealias SelectionOptions = SelectionArguments<LocalEndOption>

/// The selection options, named like the keys of policy files.
///
/// - Parameter LocalEnd: the option for the local end, which `log` does not have.
struct SelectionArguments<LocalEnd: LocalEndArguments>: ParsableArguments {
  @Option(parsing: .unconditionalSingleValue, help: .of(.state)) var state: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.idle)) var idle: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.stalled)) var stalled: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.age)) var age: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.inState)) var inState: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.host)) var host: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.port)) var port: [String] = []
  @OptionGroup var localEnd: LocalEnd
  @Option(parsing: .unconditionalSingleValue, help: .of(.peer)) var peer: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.localPort)) var localPort: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.peerPort)) var peerPort: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.process)) var process: [String] = []
  @Option(parsing: .unconditionalSingleValue, help: .of(.command)) var command: [String] = []
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
  @Flag(name: .customShort("4"), help: "IPv4 sockets") var onlyIPv4 = false
  @Flag(name: .customShort("6"), help: "IPv6 sockets, including v4-mapped addresses")
  var onlyIPv6 = false

  @Option(help: .of(.filter)) var filter: [String] = []

  @Argument(help: ArgumentHelp("filter, as one word or several", valueName: "filter"))
  var terms: [String] = []

  private var values: [(key: SelectionKey, values: [String])] {
    var family: [String] = []
    if onlyIPv4 { family.append(AddressFamily.ipv4.name) }
    if onlyIPv6 { family.append(AddressFamily.ipv6.name) }
    return [
      (.state, state), (.family, family), (.idle, idle), (.stalled, stalled), (.inState, inState),
      (.host, host), (.port, port), (.local, localEnd.hosts), (.peer, peer),
      (.localPort, localPort),
      (.peerPort, peerPort), (.process, process), (.command, command), (.pid, pid), (.user, user),
      (.interface, interface), (.mark, mark), (.receiveQueue, recvQueue), (.sendQueue, sendQueue),
      (.age, age), (.unit, unit), (.container, container), (.pod, pod), (.cgroup, cgroup),
      (.filter, filter + trailingFilter),
    ]
  }

  /// Each option and its values, as the keys of a policy's `match`.
  var keys: [(key: SelectionKey, values: [String])] { values + [(.netns, netns)] }

  /// Rejects `--netns` together with a recording.
  func checkNamespaces(_ source: SourceOptions) throws {
    try Self.checkNamespaces(netns, source)
  }

  /// Rejects `--netns` together with a recording.
  static func checkNamespaces(_ netns: [String], _ source: SourceOptions) throws {
    guard !netns.isEmpty, source.record != nil || source.replay != nil else { return }
    throw ValidationError("a recording covers one network namespace: omit --netns")
  }

  /// The trailing words as one filter.
  private var trailingFilter: [String] { terms.isEmpty ? [] : [terms.joined(separator: " ")] }

  /// Whether there is a filter, as an option or as trailing words.
  var hasFilter: Bool { !filter.isEmpty || !terms.isEmpty }

  /// Whether the selection may name other network namespaces or containers. A filter, not parsed
  /// yet, is searched for the words.
  var mayNameNamespaces: Bool {
    let words = [SelectionKey.netns, .container, .pod].map(\.rawValue)
    return !netns.isEmpty || !container.isEmpty || !pod.isEmpty
      || (filter + terms).contains { filter in words.contains { filter.lowercased().contains($0) } }
  }

  /// Whether there is no selection, so that it includes every connection.
  var isEmpty: Bool { values.allSatisfy { $0.values.isEmpty } }

  /// Whether the selection uses only states.
  var isOfStatesOnly: Bool { values.allSatisfy { $0.values.isEmpty || $0.key == .state } }

  /// The selection as command-line words; empty without a selection.
  var words: String {
    let options = keys.flatMap { key, values in
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

  /// The selection, without default states. Warnings go to standard error.
  func predicate(names: some NameResolver) throws(CommandFailure) -> SelectionPredicate {
    let selection = try predicateWithoutWarnings(names: names)
    for warning in selection.patternWarnings {
      let text = EscapedText.escaped("\(warning)")
      Standard.report("connreap: warning: --\(warning.key.rawValue): \(text)\n")
    }
    return selection
  }

  /// The selection, without default states and warnings.
  func predicateWithoutWarnings(
    names: some NameResolver
  ) throws(CommandFailure) -> SelectionPredicate {
    do {
      return try SelectionVocabulary.parse(options: values, names: names)
    } catch {
      let isTrailing = error.key == .filter && [error.value] == trailingFilter
      throw CommandFailure(
        option: isTrailing ? nil : error.key == .family ? "-4/-6" : "--\(error.key.rawValue)",
        value: error.value, "\(error)", at: error.range)
    }
  }
}

/// The option for the local end, or none.
protocol LocalEndArguments: ParsableArguments {
  /// The values of the option.
  var hosts: [String] { get }
}

/// `--local`: the local end.
struct LocalEndOption: LocalEndArguments {
  @Option(parsing: .unconditionalSingleValue, help: .of(.local)) var local: [String] = []

  var hosts: [String] { local }
}

/// No option for the local end: `--local` has another meaning. A filter can still name it.
struct NoLocalEndOption: LocalEndArguments {
  var hosts: [String] { [] }
}

extension ArgumentHelp {
  fileprivate static func of(_ key: SelectionKey) -> ArgumentHelp {
    ArgumentHelp("\(key.help)", valueName: key.valueName)
  }
}
