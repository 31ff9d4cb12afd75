import FoundationEssentials
import Glibc

/// A test machine in its own namespaces, with the programs of the host: `Fixtures/machine.sh`.
///
/// The commands in the documentation install connreap there. A real cron or systemd runs in it.
/// `deinit` stops the machine.
final class TestMachine {
  /// The program that starts connreap.
  enum Daemon: String {
    /// cron(8), in the PID and network namespaces of the test.
    case cron
    /// systemd(1), as PID 1 in its own namespaces.
    case systemd
  }

  /// The directory mounted at `/srv` on the machine.
  let directory: TemporaryDirectory
  private let group: TestControlGroup?
  private let running: Command

  /// Starts the machine.
  ///
  /// - Parameters:
  ///   - entering: a command prefix that enters a network namespace, for cron.
  ///   - changes: a shell script that changes the installed files.
  init(_ daemon: Daemon, behind entering: [String] = [], changes: String) throws {
    directory = try TemporaryDirectory()
    let install = try Checkout.Manual.allCases
      .flatMap { try Checkout.commands(in: $0) }.filter { $0.hasPrefix("install ") }
    _ = try directory.write("install.sh", install.joined(separator: "\n"))
    _ = try directory.write("change.sh", changes)
    var words = [
      "bash", Tools.fixture("machine.sh"), directory.path, Checkout.path, Tools.connreap,
      daemon.rawValue,
    ]
    switch daemon {
    case .cron:
      group = nil
      words = entering + ["unshare", "--mount", "--"] + words
    case .systemd:
      let group = try TestControlGroup()
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

  /// The path of its root directory on the host.
  var root: String { "/proc/\(running.pid)/root" }

  /// The host path of its state directory.
  var state: String { root + "/var/lib/connreap" }

  /// The connection entries of its audit log.
  var audit: [AuditRecord] {
    get throws { try AuditRecord.all(in: state) }
  }

  /// The contents of a file in its `/srv`, or an empty string if there is none.
  func read(_ name: String) -> String {
    (try? String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8)) ?? ""
  }

  /// The mails sent, oldest first.
  var mails: [String] {
    get throws {
      try Command.run(["ls", directory.path + "/mail"]).lines.map { read("mail/\($0)") }
    }
  }

  /// Runs a command on the machine until it exits.
  @discardableResult
  func run(_ arguments: String...) throws -> CommandResult { try run(arguments) }

  /// Runs a command on the machine until it exits.
  @discardableResult
  func run(_ arguments: [String]) throws -> CommandResult {
    let namespaces = ["mnt": "mount", "net": "net", "uts": "uts", "ipc": "ipc", "cgroup": "cgroup"]
    let root = "/proc/\(running.pid)/ns"
    return try Command.run(
      ["nsenter"] + namespaces.map { "--\($1)=\(root)/\($0)" }
        + ["--pid=\(root)/pid_for_children", "--"] + arguments)
  }

  /// Waits until a condition holds.
  func wait(seconds: Int, until condition: () throws -> Bool) throws {
    try waitUntil("the machine; its log: \(read("log"))", seconds: seconds, condition)
  }

  /// Waits until a slow condition holds, without blocking the thread.
  ///
  /// The checks may run late: the thread can be busy with other tests.
  func wait(yielding seconds: Int, until condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
      try requireTimeLeft(until: deadline)
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  private func requireTimeLeft(until deadline: ContinuousClock.Instant) throws {
    guard ContinuousClock.now < deadline else {
      throw HarnessProblem.fault("timed out; log of the machine: \(read("log"))")
    }
  }
}
