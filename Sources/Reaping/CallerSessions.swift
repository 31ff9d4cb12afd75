import Connections
import ProcessTable

/// Finds what the caller's sessions depend on: the processes above the terminals that its ancestors
/// hold open.
///
/// A tmux or screen server is started in one ssh session and attached from another. The server holds
/// the other session's terminal open. The shell and client on that terminal descend from the process
/// that holds the session's connection.
struct CallerSessions {
  /// The values of `SSH_CONNECTION` in the caller and the examined processes.
  private(set) var texts: [String] = []
  /// The processes that a session needs, besides the caller's ancestors.
  private(set) var supporters: [Int32: Caller.Support] = [:]
  /// The examined terminals.
  private(set) var terminals: Set<TerminalDevice> = []

  private let files: ProcFileSystem
  private var known: Set<Int32>
  /// Every process; nil until a terminal is found.
  private var places: [Int32: ProcessPlace]?

  /// The maximum depth of nested terminals, such as screen in tmux in ssh.
  private static let rounds = 8
  /// The maximum number of processes per terminal whose session is read.
  private static let processesPerTerminal = 1024

  /// - Parameters:
  ///   - known: the caller, its ancestors, and any other process that is not to become a supporter.
  ///   - sshConnection: `SSH_CONNECTION` of the caller.
  init(besides known: Set<Int32>, sshConnection: String? = nil, in files: ProcFileSystem) {
    self.files = files
    self.known = known
    if let sshConnection { texts.append(sshConnection) }
  }

  /// The members of `processes` that may hold the connection of a session on an examined terminal.
  ///
  /// They are not on the terminal themselves, unlike its shell and everything the shell started.
  func carriers(among processes: [Int32]) -> [Int32] {
    guard let places else { return [] }
    return processes.filter { pid in
      guard pid > 1, let place = places[pid] else { return false }
      return place.terminal.map { !terminals.contains($0) } ?? true
    }
  }

  /// Examines the terminals of `processes`, the processes on them, and the processes above those.
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

  /// Makes `pid` a supporter, unless it already is one or is an ancestor.
  ///
  /// - Returns: whether it is new.
  mutating func add(_ pid: Int32, as support: Caller.Support) -> Bool {
    guard known.insert(pid).inserted else { return false }
    supporters[pid] = support
    return true
  }

  /// The ancestors of the processes on `terminals` that are not on them themselves.
  ///
  /// Programs started on a terminal are not included: they may be the ones that leak.
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
      // Pid 1 adopts orphaned processes, so it says nothing about a session.
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
