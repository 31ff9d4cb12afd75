/// The keys of a selection. An option is `--` and the key; a policy uses the key alone.
public enum SelectionKey: String, CaseIterable, Sendable {
  /// The TCP state.
  case state
  /// The time since payload last moved.
  case idle
  /// The time since the peer last acknowledged pending data.
  case stalled
  /// The time since connreap first saw the connection.
  case age
  /// The time in the current state.
  case inState = "in-state"
  /// The address of either end.
  case host
  /// The port of either end.
  case port
  /// The local address.
  case local
  /// The peer's address.
  case peer
  /// The local port.
  case localPort = "local-port"
  /// The peer's port.
  case peerPort = "peer-port"
  /// The name of an owner.
  case process
  /// The command line of an owner.
  case command
  /// The pid of an owner.
  case pid
  /// The user of the socket.
  case user
  /// The systemd unit of the owner.
  case unit
  /// The container of the owner.
  case container
  /// The Kubernetes pod of the owner.
  case pod
  /// The cgroup of the owner.
  case cgroup
  /// The network namespace.
  case netns
  /// The interface that the socket is bound to.
  case interface
  /// The mark of the socket (`SO_MARK`).
  case mark
  /// The number of bytes received but not read.
  case receiveQueue = "recv-queue"
  /// The number of bytes written but not acknowledged.
  case sendQueue = "send-queue"
  /// The address family of the socket; `-4` and `-6` on the command line.
  case family
  /// An expression of the filter language.
  case filter

  /// A help text of one line.
  public var help: String {
    switch self {
    case .state: "in this state or group of states, such as close-wait or connected"
    case .idle: "no payload moved in either direction for at least this long"
    case .stalled: "data pending and nothing acknowledged by the peer for at least this long"
    case .age: "first seen by connreap at least this long ago"
    case .inState: "in its state for at least this long"
    case .host: "either end has this address, CIDR block or name"
    case .port: "either end has this port, range or service name"
    case .local: "the local end has this address, CIDR block or name"
    case .peer: "the peer has this address, CIDR block or name"
    case .localPort: "the local end has this port, range or service name"
    case .peerPort: "the peer has this port, range or service name"
    case .process: "held by a process with this command, executable or script name (glob)"
    case .command: "held by a process with this command line, arguments joined by spaces (glob)"
    case .pid: "held by the process with this pid"
    case .user: "the socket belongs to this user (name or uid)"
    case .unit: "held by a process of this systemd unit (glob; .service is optional)"
    case .container: "held by a process of this container (name, ID or ID prefix)"
    case .pod: "held by a process of this Kubernetes pod (name, namespace/name or uid)"
    case .cgroup: "held by a process of this cgroup or a descendant of it"
    case .netns: "in this network namespace (name, pid, path or all)"
    case .interface: "bound to this interface"
    case .mark: "has this socket mark, compared under the mask if given"
    case .receiveQueue: "at least this many bytes received but not read (suffixes k, M, G)"
    case .sendQueue: "at least this many bytes sent but not acknowledged (suffixes k, M, G)"
    case .family: "address family of the socket: ipv4 or ipv6"
    case .filter: "filter as in ss or tcpkill; every option is also a term"
    }
  }

  /// The placeholder for the value in help texts.
  public var valueName: String {
    switch self {
    case .state: "state"
    case .idle, .stalled, .age, .inState: "duration"
    case .host, .local, .peer: "host"
    case .port, .localPort, .peerPort: "port"
    case .process: "name"
    case .pid: "pid"
    case .user: "user"
    case .command, .unit: "glob"
    case .container: "container"
    case .pod: "pod"
    case .cgroup: "path"
    case .netns: "namespace"
    case .interface: "device"
    case .mark: "mark[/mask]"
    case .receiveQueue, .sendQueue: "bytes"
    case .family: "family"
    case .filter: "expression"
    }
  }

  /// The key that other tools call `word`, or the key closest to it; nil if there is none.
  public static func nearest(to word: some StringProtocol) -> SelectionKey? {
    withSynonym(word)
      ?? NearestWord.to(word, among: allCases.map(\.rawValue)).flatMap(SelectionKey.init)
  }

  /// The key that other tools call `word`; nil if there is none.
  public static func withSynonym(_ word: some StringProtocol) -> SelectionKey? {
    synonyms[word.lowercased()]
  }

  private static let synonyms: [String: SelectionKey] = [
    "older": .age, "older-than": .age, "olderthan": .age, "src": .local, "source": .local,
    "dst": .peer, "destination": .peer, "remote": .peer, "sport": .localPort, "dport": .peerPort,
    "comm": .process, "program": .process, "args": .command, "cmdline": .command, "uid": .user,
    "service": .unit, "namespace": .netns, "dev": .interface, "device": .interface,
    "fwmark": .mark, "recv-q": .receiveQueue, "send-q": .sendQueue,
  ]
}
