import Connections
import ProcessTable

/// Finds what the caller's sessions depend on: the processes above the terminals that its ancestors
/// have open.
///
/// A tmux or screen server is started in one ssh session and attached from another. The terminal of
/// that other one is open in the server, and the shell and the client on it descend from the process
/// that holds its connection.
struct CallerSessions {
  /// What `SSH_CONNECTION` says, of the caller and of the processes that were looked at.
  private(set) var texts: [String] = []
  /// The processes that a session depends on, besides the caller's ancestors.
  private(set) var supporters: [Int32: Caller.Support] = [:]
  /// The terminals that were looked at.
  private(set) var terminals: Set<TerminalDevice> = []

  private let files: ProcFileSystem
  private var known: Set<Int32>
  /// Every process, once a terminal was found.
  private var places: [Int32: ProcessPlace]?

  /// How many terminals are followed one from another: screen in tmux in ssh, and some more.
  private static let rounds = 8
  /// How many processes of one terminal are asked for their session.
  private static let processesPerTerminal = 1024

  /// - Parameters:
  ///   - known: the caller's ancestors, itself, and what else need not become a supporter.
  ///   - sshConnection: `SSH_CONNECTION` of the caller.
  init(besides known: Set<Int32>, sshConnection: String? = nil, in files: ProcFileSystem) {
    self.files = files
    self.known = known
    if let sshConnection { texts.append(sshConnection) }
  }

  /// Those of `processes` that may hold the connection of a session on a terminal that was found:
  /// they are not on it themselves, as its shell and all that the shell started are.
  func carriers(among processes: [Int32]) -> [Int32] {
    guard let places else { return [] }
    return processes.filter { pid in
      guard pid > 1, let place = places[pid] else { return false }
      return place.terminal.map { !terminals.contains($0) } ?? true
    }
  }

  /// Looks at the terminals of `processes`, at who runs on them, and at who is above those.
  mutating func follow(_ processes: [Int32], as support: Caller.Support) {
    var next = processes
    for _ in 0..<Self.rounds where !next.isEmpty {
      var found: Set<TerminalDevice> = []
      for pid in next {
        addSession(of: pid)
        found.formUnion((try? files.terminals(of: pid)) ?? [])
      }
      found.subtract(terminals)
      terminals.formUnion(found)
      guard !found.isEmpty else { return }
      next = above(found, as: support)
    }
  }

  /// Makes `pid` a supporter, unless it is one, or an ancestor.
  ///
  /// - Returns: whether it is new.
  mutating func add(_ pid: Int32, as support: Caller.Support) -> Bool {
    guard known.insert(pid).inserted else { return false }
    supporters[pid] = support
    return true
  }

  /// The processes above those on `terminals`, that are no longer on them themselves.
  ///
  /// A program that was started on the terminal is not among them: it may leak.
  private mutating func above(
    _ terminals: Set<TerminalDevice>, as support: Caller.Support
  ) -> [Int32] {
    let places = places ?? (try? files.places()) ?? [:]
    self.places = places
    var counts: [TerminalDevice: Int] = [:]
    var above: [Int32] = []
    for (pid, place) in places.sorted(by: { $0.key < $1.key }) {
      guard let terminal = place.terminal, terminals.contains(terminal),
        counts[terminal, default: 0] < Self.processesPerTerminal
      else { continue }
      counts[terminal, default: 0] += 1
      addSession(of: pid)
      var parent = place.parent
      while let place = places[parent], place.terminal == terminal { parent = place.parent }
      // Pid 1 takes in whoever has lost its parent, which says nothing of a session.
      while parent > 1, add(parent, as: support) {
        above.append(parent)
        parent = places[parent]?.parent ?? 0
      }
    }
    return above
  }

  private mutating func addSession(of pid: Int32) {
    let text = try? files.environmentValue(of: "SSH_CONNECTION", in: pid)
    if let text, !texts.contains(text) { texts.append(text) }
  }
}
