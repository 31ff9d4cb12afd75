import Connections
import ProcessTable
import Scanning

extension Health {
  private static let title = "descriptors"
  /// Of how many processes near their limit a line is printed.
  private static let mostLines = 10

  /// One check for each process near its limit, the nearest first; else one that says who has most.
  var descriptorChecks: [Check] {
    guard let descriptors,
      let fullest = descriptors.max(by: { ($0.share, $1.pid) < ($1.share, $0.pid) })
    else { return [Self.unknown("descriptors", Self.title, "the limits of processes")] }
    let near = descriptors.filter {
      Self.severity(Int64($0.open), of: Int64($0.limit)) != .well
    }.sorted { ($0.share, $1.pid) > ($1.share, $0.pid) }
    guard !near.isEmpty else {
      return [
        Check(
          id: "descriptors", severity: .well, title: Self.title,
          detail: "nearest to its limit is \(name(of: fullest.pid)): "
            + Self.share(Int64(fullest.open), of: Int64(fullest.limit)))
      ]
    }
    let leaks = leaks
    var checks = near.prefix(Self.mostLines).map { check($0, leaks) }
    if near.count > Self.mostLines {
      checks.append(
        Check(
          id: "descriptors", severity: .warning, title: Self.title,
          detail: "\(Count.text(near.count - Self.mostLines)) more processes are near their limits"
        ))
    }
    return checks
  }

  private func name(of pid: Int32) -> String {
    let name = (try? machine.processes.process(pid))?.name
    return "\(EscapedText.escaped(name ?? "?"))[\(pid)]"
  }

  private func check(_ use: DescriptorUse, _ leaks: Leaks?) -> Check {
    let (used, limit) = (Int64(use.open), Int64(use.limit))
    let isTold = leaks.map { !$0.unreadable.contains(use.pid) } ?? false
    let closeWait = leaks?.closeWait[use.pid] ?? 0
    let idle = leaks?.idle[use.pid] ?? 0
    let what =
      isTold
      ? "\(Count.text(closeWait)) of them are CLOSE-WAIT sockets, "
        + "\(Count.text(idle)) are connections idle for an hour"
      : "how many of them are leaked sockets is unknown"
    return Check(
      id: "descriptors", severity: Self.severity(used, of: limit), title: "\(name(of: use.pid))",
      detail: "\(Self.share(used, of: limit)) descriptors; \(what). "
        + "At the limit it can open and accept nothing (EMFILE)",
      remedy: (closeWait > 0
        ? "the program must close them, see 'connreap list --pid \(use.pid) --state close-wait'; "
        : "")
        + "for now: prlimit --pid \(use.pid) --nofile=\(Self.twice(limit)), or LimitNOFILE= of its unit"
    )
  }

  /// Descriptors of leaked sockets, by pid.
  struct Leaks {
    var closeWait: [Int32: Int] = [:]
    var idle: [Int32: Int] = [:]
    /// The processes whose descriptors could not be read.
    var unreadable: Set<Int32> = []
  }

  /// Nil when nothing is known of owners.
  private var leaks: Leaks? {
    guard let snapshot, let owners = snapshot.owners else { return nil }
    var leaks = Leaks(unreadable: Set(snapshot.unreadable.map(\.pid)))
    let limit = ConnectionGroup.Figures.idleLimit
    for connection in snapshot.connections where connection.inode != 0 {
      let isCloseWait = connection.state == .closeWait
      guard isCloseWait || (connection.idle ?? 0) >= limit else { continue }
      for holding in owners.holdings(of: connection.inode) {
        let pid = owners.process(of: holding).pid
        if isCloseWait {
          leaks.closeWait[pid, default: 0] += 1
        } else {
          leaks.idle[pid, default: 0] += 1
        }
      }
    }
    return leaks
  }

  /// Open files of the whole machine.
  var files: Check {
    let (id, title) = ("files", "open files")
    guard let numbers = machine.settings("fs.file-nr"), numbers.count == 3 else {
      return Self.unknown(id, title, "fs.file-nr")
    }
    let severity = Self.severity(numbers[0], of: numbers[2])
    let text = "\(Self.share(numbers[0], of: numbers[2])) of the machine, fs.file-max"
    guard severity != .well else {
      return Check(id: id, severity: .well, title: title, detail: text)
    }
    return Check(
      id: id, severity: severity, title: title,
      detail: text + ": at the limit nobody but root opens a file or a socket (ENFILE)",
      remedy: Self.set(
        "fs.file-max", Self.twice(numbers[2])))
  }
}
