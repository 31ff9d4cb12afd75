/// The words of a selection: an option is `--` and the word, a key of a policy the word alone.
public enum SelectionKey: String, CaseIterable, Sendable {
  /// Its TCP state.
  case state
  /// How long no payload has moved.
  case idle
  /// How long the peer has acknowledged nothing.
  case stalled
  /// How long ago connreap first saw it.
  case age
  /// How long it has been in its state.
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
  /// The process id of an owner.
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
  /// The interface that it is bound to.
  case interface
  /// `SO_MARK`.
  case mark
  /// Bytes received and not read.
  case receiveQueue = "recv-queue"
  /// Bytes written and not acknowledged.
  case sendQueue = "send-queue"
  /// The family of the socket; on a command line `-4` and `-6`.
  case family
  /// An expression of the filter language.
  case filter

  /// What it selects, in one line.
  public var help: String {
    switch self {
    case .state: "in this state or group of states, such as close-wait or connected"
    case .idle: "no payload moved in either direction for at least this long"
    case .stalled: "data waits, and the peer has acknowledged nothing for at least this long"
    case .age: "first seen by connreap at least this long ago"
    case .inState: "in its state for at least this long"
    case .host: "either end has this address, CIDR block or name"
    case .port: "either end has this port, range or service name"
    case .local: "the local end has this address, CIDR block or name"
    case .peer: "the peer has this address, CIDR block or name"
    case .localPort: "the local end has this port, range or service name"
    case .peerPort: "the peer has this port, range or service name"
    case .process: "held by a process whose command or executable has this name; a glob"
    case .pid: "held by the process with this id"
    case .user: "the socket belongs to this user, a name or a uid"
    case .unit: "held by a process of this systemd unit; a glob, .service may be left out"
    case .container: "held by a process of this container: its name, its id or the start of its id"
    case .pod: "held by a process of this Kubernetes pod: its name, namespace/name or uid"
    case .cgroup: "held by a process of this cgroup or one below it"
    case .netns: "in this network namespace: a name, a pid, a path, or all"
    case .interface: "bound to this interface"
    case .mark: "has this mark under this mask"
    case .receiveQueue: "at least this much is received and not read; k, M and G are taken"
    case .sendQueue: "at least this much is sent and not acknowledged; k, M and G are taken"
    case .family: "the socket is of this family: ipv4 or ipv6"
    case .filter: "a filter of ss or of tcpkill, and every option as a term"
    }
  }

  /// What to call the value in help texts.
  public var valueName: String {
    switch self {
    case .state: "state"
    case .idle, .stalled, .age, .inState: "duration"
    case .host, .local, .peer: "host"
    case .port, .localPort, .peerPort: "port"
    case .process: "name"
    case .pid: "pid"
    case .user: "user"
    case .unit: "glob"
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

  /// The key whose word is nearest to `word`; nil when none comes near.
  public static func nearest(to word: some StringProtocol) -> SelectionKey? {
    NearestWord.to(word, among: allCases.map(\.rawValue)).flatMap(SelectionKey.init)
  }
}
