import FoundationEssentials
import Glibc
import Testing

/// A test machine with a leaking container in each runtime that starts.
///
/// `Fixtures/containers.sh` sets it up. `deinit` stops it.
final class ContainerHost {
  /// The runtimes. Their names prefix the container names, as in `podman-4711`.
  static let runtimes = ["podman", "docker", "ctr", "cri", "lxc", "nspawn"]

  /// The number in the container names.
  let mark: UInt32
  /// The port of every container's listener.
  let port: UInt16
  /// The failures to start a container, by runtime.
  private(set) var failures: [String: String] = [:]
  /// A directory shared with the host.
  let directory: TemporaryDirectory
  private let running: Command

  /// Starts the machine and waits until each container has leaked `count` connections.
  init(leaks count: Int) throws {
    mark = UInt32.random(in: 100_000..<1_000_000)
    port = UInt16.random(in: 20_000..<30_000)
    directory = try TemporaryDirectory()
    let compiled = try Command.run(
      ["clang", "-static", "-O1", "-o", directory.path + "/leak", Tools.fixture("leak.c")],
      seconds: 120)
    try #require(compiled.status == 0, "\(compiled.errorText)")
    running = try Command(
      "unshare --mount --net --propagation private -- bash".split(separator: " ").map(String.init)
        + [Tools.fixture("containers.sh"), directory.path, "\(mark)", "\(port)", "\(count)"])
    try waitUntil("all containers; status: \(lines)", seconds: 240, every: .milliseconds(100)) {
      try #require(kill(running.pid, 0) == 0, "the containers did not start: \(lines)")
      return lines.contains("ready")
    }
    for runtime in Self.runtimes where !lines.contains("\(runtime) running") {
      failures[runtime] =
        lines.first { $0.hasPrefix("\(runtime) failed") } ?? "\(runtime): no status"
    }
  }

  deinit {
    running.signal(SIGTERM)
    _ = try? running.end(within: 60)
  }

  /// The names of the running containers.
  var names: [String] {
    Self.runtimes.filter { failures[$0] == nil }.map { "\($0)-\(mark)" }
  }

  private var lines: [String] {
    let text = (try? String(contentsOfFile: directory.path + "/status", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  /// Runs a command on the machine until it exits.
  func run(_ arguments: [String]) throws -> CommandResult {
    let namespaces = "/proc/\(running.pid)/ns"
    return try Command.run(
      ["nsenter", "--mount=\(namespaces)/mnt", "--net=\(namespaces)/net", "--"] + arguments,
      seconds: 120)
  }

  /// Runs connreap on the machine until it exits.
  func connreap(_ arguments: String...) throws -> CommandResult {
    try run([Tools.connreap] + arguments)
  }

  /// The connections that `list -o json` reports.
  func rows(_ arguments: String...) throws -> [Row] {
    try Listing(run([Tools.connreap, "list", "-o", "json"] + arguments)).connections
  }
}

extension Trait where Self == ConditionTrait {
  /// The test runs containers.
  static var needsContainerRuntimes: Self {
    .enabled(
      if: Tools.has(
        "bash", "-c", "command -v podman || command -v dockerd || command -v lxc-start"),
      "needs a container runtime (packages podman, docker.io, lxc)")
  }
}
