import Connections
import Operations
import Presentation
import Rendering
import Scanning

// Listening sockets, each with its own queue: the sum of several hides a full one.
extension MetricsReport {
  /// At most this many listening sockets have series of their own.
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
    write("accept_queue", "Connections that wait to be accepted", to: &text, shown, labels, rest) {
      $0.waiting
    }
    write("backlog", "How many may wait to be accepted", to: &text, shown, labels, rest) {
      $0.backlog
    }
    let name = "connreap_listener_fullest_ratio"
    text.family(
      name, .gauge,
      "Accept queue to backlog of the fullest listening socket: above 1 it is full.")
    text.sample(name, listeners.map(\.share).max() ?? 0)
  }

  private func write(
    _ what: String, _ help: String, to text: inout PrometheusText, _ shown: [ListenerLine],
    _ labels: [PrometheusText.Labels], _ rest: ArraySlice<ListenerLine>,
    _ value: (ListenerLine) -> Int
  ) {
    let name = "connreap_listener_\(what)"
    text.family(
      name, .gauge, "\(help), of the \(Self.maximumListeners) fullest listening sockets.")
    for (line, labels) in zip(shown, labels) { text.sample(name, value(line), labels) }
    text.family("\(name)_other", .gauge, "\(help), of all other listening sockets together.")
    text.sample("\(name)_other", rest.reduce(0) { $0 + value($1) })
  }

  /// What tells each of `sockets` from all listening sockets: its local end, its number among those
  /// that have the same one, and of several network namespaces its own.
  private func labels(
    of sockets: [Connection], among all: [Connection]
  ) -> [PrometheusText.Labels] {
    struct Place: Hashable {
      let namespace: UInt16
      let end: GroupedEnd
    }
    func place(_ socket: Connection) -> Place {
      Place(namespace: socket.namespace, end: GroupedEnd(listener: socket))
    }
    let sharing = Dictionary(grouping: all, by: place).mapValues { sockets in
      sockets.map(\.cookie.rawValue).sorted()
    }
    let hasNamespaces = snapshot.namespaces.count > 1
    return sockets.map { socket in
      let place = place(socket)
      let number = (sharing[place]?.firstIndex(of: socket.cookie.rawValue) ?? 0) + 1
      var labels: PrometheusText.Labels = [
        ("local", place.end.text(in: snapshot, names)), ("socket", "\(number)"),
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
