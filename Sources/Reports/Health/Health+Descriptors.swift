import Connections
import Operations
import ProcessTable
import Rendering
import Scanning

extension Health {
  private static let title = "descriptors"
  /// The most processes near their limit that get a check each.
  private static let maximumChecks = 10

  /// One check for each process near its limit, nearest first; without any, one for the fullest.
  var descriptorChecks: [Check] {
    guard let descriptors,
      let fullest = descriptors.max(by: { ($0.share, $1.pid) < ($1.share, $0.pid) })
    else { return [Self.unknown("descriptors", Self.title, "the limits of processes")] }
    let growth = growth
    let near = descriptors.compactMap { use -> (use: DescriptorUse, severity: Check.Severity)? in
      let severity = severity(of: use, growth[use.pid])
      return severity.needsAttention ? (use, severity) : nil
    }.sorted { one, other in
      if one.severity != other.severity { return one.severity == .problem }
      return (one.use.share, other.use.pid) > (other.use.share, one.use.pid)
    }
    guard !near.isEmpty else {
      return [
        Check(
          id: "descriptors", severity: .well, title: Self.title,
          detail: "closest to its limit: \(machine.processes.label(of: fullest.pid)), "
            + Self.share(Int64(fullest.open), of: Int64(fullest.limit)))
      ]
    }
    let leaks = snapshot.flatMap { DescriptorLeaks($0) }
    var checks = near.prefix(Self.maximumChecks).map { use, severity in
      check(use, severity, leaks, growth[use.pid])
    }
    if near.count > Self.maximumChecks {
      checks.append(
        Check(
          id: "descriptors", severity: .warning, title: Self.title,
          detail:
            "\(Count.text(near.count - Self.maximumChecks)) more processes are near their limits"
        ))
    }
    return checks
  }

  private func check(
    _ use: DescriptorUse, _ severity: Check.Severity, _ leaks: DescriptorLeaks?,
    _ growth: LeakSurvey.Growth?
  ) -> Check {
    let (used, limit) = (Int64(use.open), Int64(use.limit))
    let own = leaks?.of(use.pid)
    let what = own.map { "\($0)" } ?? "leaked sockets unknown"
    let forecast = growth.flatMap { Self.forecast(use, $0) }.map { ". " + $0 } ?? ""
    return Check(
      id: "descriptors", severity: severity, title: "\(machine.processes.label(of: use.pid))",
      detail: "\(Self.share(used, of: limit)) descriptors; \(what)\(forecast). "
        + "At the limit, it can open no files and accept no connections (EMFILE)",
      remedy: ((own?.closeWait ?? 0) > 0
        ? "the program must close them, see 'connreap list --pid \(use.pid) --state close-wait'; "
        : "")
        + "for now: prlimit --pid \(use.pid) --nofile=\(Self.twice(limit)), or set LimitNOFILE= in its unit"
    )
  }

  /// A limit that memory cannot reach. systemd sets such a value, and newer kernels start with it.
  private static let unlimited: Int64 = 1 << 50

  /// Open files of the machine.
  package var files: Check {
    let (id, title) = ("files", "open files")
    guard let numbers = machine.settings("fs.file-nr"), numbers.count == 3 else {
      return Self.unknown(id, title, "fs.file-nr")
    }
    let severity = Self.severity(numbers[0], of: numbers[2])
    guard numbers[2] < Self.unlimited else {
      return Check(
        id: id, severity: .well, title: title,
        detail: "\(Count.text(Int(numbers[0]))) in use, no limit set by fs.file-max")
    }
    let text = "\(Self.share(numbers[0], of: numbers[2])), fs.file-max"
    guard severity != .well else {
      return Check(id: id, severity: .well, title: title, detail: text)
    }
    return Check(
      id: id, severity: severity, title: title,
      detail: text + ": at the limit, only root can open files and sockets (ENFILE)",
      remedy: Self.set("fs.file-max", Self.twice(numbers[2])))
  }
}

extension ProcFileSystem {
  /// The name and the pid of a process, escaped.
  func label(of pid: Int32) -> String {
    EscapedText.escaped((try? process(pid))?.label ?? .label(ofProcess: nil, pid: pid))
  }
}
