import FoundationEssentials
import Glibc
import Testing

/// A machine with a container in each runtime that can be started, each of which leaks:
/// `Fixtures/containers.sh`. It ends with this value.
final class ContainerHost {
  /// What the runtimes are called, and the containers in them: `podman-4711`.
  static let runtimes = ["podman", "docker", "ctr", "cri", "lxc", "nspawn"]

  /// The number in the names of the containers.
  let mark: UInt32
  /// The port of every container's listener.
  let port: UInt16
  /// Why a runtime could not be started.
  private(set) var failures: [String: String] = [:]
  /// Its folder, which it shares with the machine below.
  let folder: TemporaryFolder
  private let running: Command

  /// Starts it, and waits until all containers have leaked so many connections.
  init(leaks count: Int) throws {
    mark = UInt32.random(in: 100_000..<1_000_000)
    port = UInt16.random(in: 20_000..<30_000)
    folder = try TemporaryFolder()
    let compiled = try Command.run(
      ["clang", "-static", "-O1", "-o", folder.path + "/leak", Tools.fixture("leak.c")],
      seconds: 120)
    try #require(compiled.status == 0, "\(compiled.complaints)")
    running = try Command(
      "unshare --mount --net --propagation private -- bash".split(separator: " ").map(String.init)
        + [Tools.fixture("containers.sh"), folder.path, "\(mark)", "\(port)", "\(count)"])
    try waitUntil("containers started: \(lines)", seconds: 240, every: .milliseconds(100)) {
      try #require(kill(running.pid, 0) == 0, "the containers did not start: \(lines)")
      return lines.contains("ready")
    }
    for runtime in Self.runtimes where !lines.contains("\(runtime) running") {
      failures[runtime] = lines.first { $0.hasPrefix("\(runtime) failed") } ?? "\(runtime): no word"
    }
  }

  deinit {
    running.signal(SIGTERM)
    _ = try? running.end(within: 60)
  }

  /// The names of the containers that run.
  var names: [String] {
    Self.runtimes.filter { failures[$0] == nil }.map { "\($0)-\(mark)" }
  }

  private var lines: [String] {
    let text = (try? String(contentsOfFile: folder.path + "/status", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  /// Runs a command on it, to its end.
  func run(_ arguments: [String]) throws -> Ended {
    let own = "/proc/\(running.pid)/ns"
    return try Command.run(
      ["nsenter", "--mount=\(own)/mnt", "--net=\(own)/net", "--"] + arguments, seconds: 120)
  }

  /// Runs the tool on it, to its end.
  func connreap(_ arguments: String...) throws -> Ended { try run([Tools.connreap] + arguments) }

  /// The rows that `list -o json` gives.
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
