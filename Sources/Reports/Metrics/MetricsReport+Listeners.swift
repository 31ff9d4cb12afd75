import Connections
import Operations
import Presentation
import Rendering
import Scanning

// Each listening socket gets its own series: a sum over several would hide a full queue.
extension MetricsReport {
  /// The most listening sockets that get series of their own.
  static let maximumListeners = 100

  func writeListeners(to text: inout PrometheusText) {
    let listeners = snapshot.connections.filter { $0.state == .listen }
      .map {
        ListenerLine(socket: $0, connections: nil, sharers: 1, longestBacklog: nil)
      }.sorted(by: ListenerLine.comesBefore)
    let shown = Array(listeners.prefix(Self.maximumListeners))
    let labels = labels(of: shown.map(\.socket), among: listeners.map(\.socket))
    let rest = listeners.dropFirst(Self.maximumListeners)
    text.family("connreap_listeners", .gauge, "Listening sockets.")
    text.sample("connreap_listeners", listeners.count)
    write("accept_queue", "Connections waiting to be accepted", to: &text, shown, labels, rest) {
      $0.waiting
    }
    write("backlog", "Limit on connections waiting to be accepted", to: &text, shown, labels, rest)
    {
      $0.backlog
    }
    let name = "connreap_listener_fullest_ratio"
    text.family(
      name, .gauge,
      "Accept queue relative to the backlog, of the fullest listening socket. Above 1 it is full.")
    text.sample(name, listeners.map(\.share).max() ?? 0)
  }

  private func write(
    _ what: String, _ help: String, to text: inout PrometheusText, _ shown: [ListenerLine],
    _ labels: [PrometheusText.Labels], _ rest: ArraySlice<ListenerLine>,
    _ value: (ListenerLine) -> Int
  ) {
    let name = "connreap_listener_\(what)"
    text.family(
      name, .gauge, "\(help), for the \(Self.maximumListeners) fullest listening sockets.")
    for (line, labels) in zip(shown, labels) { text.sample(name, value(line), labels) }
    text.family("\(name)_other", .gauge, "\(help), for all other listening sockets together.")
    text.sample("\(name)_other", rest.reduce(0) { $0 + value($1) })
  }

  /// Labels that identify each of `sockets` among all listening sockets: the local end, the number
  /// among sockets with the same local end, and the network namespace if there are several.
  private func labels(
    of sockets: [Connection], among all: [Connection]
  ) -> [PrometheusText.Labels] {
    struct Key: Hashable {
      let namespace: UInt16
      let end: GroupedEnd
    }
    func key(_ socket: Connection) -> Key {
      Key(namespace: socket.namespace, end: GroupedEnd(listener: socket))
    }
    let sharing = Dictionary(grouping: all, by: key).mapValues { sockets in
      sockets.map(\.cookie.rawValue).sorted()
    }
    let hasNamespaces = snapshot.namespaces.count > 1
    return sockets.map { socket in
      let key = key(socket)
      let number = (sharing[key]?.firstIndex(of: socket.cookie.rawValue) ?? 0) + 1
      var labels: PrometheusText.Labels = [
        ("local", key.end.text(in: snapshot, names)), ("socket", "\(number)"),
      ]
      if hasNamespaces {
        labels.insert(("netns", namespaceName(of: socket)), at: 0)
      }
      return labels
    }
  }

  private func namespaceName(of socket: Connection) -> String {
    let namespace = snapshot.namespace(of: socket)
    return namespace.name?.text ?? snapshot.networkNamespace(of: socket).map { "\($0)" }
      ?? "unknown"
  }
}
