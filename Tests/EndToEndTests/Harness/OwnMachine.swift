import FoundationEssentials
import Glibc

/// A machine of a test's own, on top of the real one: `Fixtures/machine.sh`.
///
/// connreap is installed on it as the documentation says, and cron or systemd runs: the real ones, which see
/// nothing of the machine below but its programs. It ends with this value.
final class OwnMachine {
  /// What runs its jobs.
  enum Daemon: String {
    /// cron(8), among the processes and in the network namespace of the test.
    case cron
    /// systemd(1), as process 1 of namespaces of its own.
    case systemd
  }

  /// The folder that is `/srv` there.
  let folder: TemporaryFolder
  private let group: ControlGroupFolder?
  private let running: Command

  /// Starts one.
  ///
  /// - Parameters:
  ///   - entering: a command that enters the namespace in which cron is to run.
  ///   - changes: lines of a shell script that changes what was installed.
  init(_ daemon: Daemon, behind entering: [String] = [], changes: String) throws {
    folder = try TemporaryFolder()
    let install = try Checkout.Manual.allCases
      .flatMap { try Checkout.commands(in: $0) }.filter { $0.hasPrefix("install ") }
    _ = try folder.write("install.sh", install.joined(separator: "\n"))
    _ = try folder.write("change.sh", changes)
    var words = [
      "bash", Tools.fixture("machine.sh"), folder.path, Checkout.path, Tools.connreap,
      daemon.rawValue,
    ]
    switch daemon {
    case .cron:
      group = nil
      words = entering + ["unshare", "--mount", "--"] + words
    case .systemd:
      let group = try ControlGroupFolder()
      self.group = group
      words =
        ["bash", "-c", "echo $$ >\"$0\" && exec \"$@\"", group.processes]
        + "unshare --mount --net --pid --fork --kill-child --cgroup --ipc --uts --".split(
          separator: " "
        ).map(String.init) + words
    }
    running = try Command(words)
    if daemon == .systemd {
      try wait(seconds: 60) {
        try run("systemctl", "is-active", "systemd-journald").status == 0
      }
    }
  }

  deinit {
    running.signal(SIGKILL)
    _ = try? running.end()
  }

  /// What its root folder is called from outside.
  var root: String { "/proc/\(running.pid)/root" }

  /// Its state folder.
  var state: String { root + "/var/lib/connreap" }

  /// The records of its audit log.
  var audit: [AuditRecord] {
    get throws { try AuditRecord.all(in: state) }
  }

  /// What one of the files of its `/srv` holds; nothing when it is not there.
  func read(_ name: String) -> String {
    (try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)) ?? ""
  }

  /// The mails that were sent, in the order of their time.
  var mails: [String] {
    get throws {
      try Command.run(["ls", folder.path + "/mail"]).lines.map { read("mail/\($0)") }
    }
  }

  /// Runs a command on it, to its end.
  @discardableResult
  func run(_ arguments: String...) throws -> Ended { try run(arguments) }

  /// Runs a command on it, to its end.
  @discardableResult
  func run(_ arguments: [String]) throws -> Ended {
    let spaces = ["mnt": "mount", "net": "net", "uts": "uts", "ipc": "ipc", "cgroup": "cgroup"]
    let own = "/proc/\(running.pid)/ns"
    return try Command.run(
      ["nsenter"] + spaces.map { "--\($1)=\(own)/\($0)" }
        + ["--pid=\(own)/pid_for_children", "--"] + arguments)
  }

  /// Waits until something is so.
  func wait(seconds: Int, until isSo: () throws -> Bool) throws {
    try waitUntil("the machine logs: \(read("log"))", seconds: seconds, isSo)
  }

  /// Waits until something is so that takes its time, and lets other tests run meanwhile.
  ///
  /// It may be looked at much later: there are as many threads for the tests as there are cores.
  func wait(aside seconds: Int, until isSo: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !isSo() {
      try requireMore(until: deadline)
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  private func requireMore(until deadline: ContinuousClock.Instant) throws {
    guard ContinuousClock.now < deadline else {
      throw HarnessProblem.fault("that took too long; the machine says: \(read("log"))")
    }
  }
}
