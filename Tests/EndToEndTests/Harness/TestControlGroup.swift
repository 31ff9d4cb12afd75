import FoundationEssentials
import Glibc
import Testing

/// A cgroup for one test.
///
/// `deinit` removes it and moves its processes to the root cgroup.
final class TestControlGroup {
  /// The path in the hierarchy.
  let path: String
  private let top: String
  /// Retained so that it is removed after this cgroup.
  private let parent: TestControlGroup?

  /// The mount point of the cgroup v2 hierarchy.
  static let top: String? = {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    let fields = mounts.split(separator: "\n").map { $0.split(separator: " ") }
    return fields.first { $0.count > 2 && $0[2] == "cgroup2" }.map { String($0[1]) }
  }()

  /// An ID as Docker gives it to a container. `--container` searches the whole machine, so no two
  /// tests may use the same.
  static func containerID() -> String {
    (0..<64).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
  }

  /// Creates `name` in `parent`. By default, it creates a slice with a unique name in the root.
  init(in parent: TestControlGroup? = nil, _ name: String? = nil) throws {
    top = try #require(Self.top)
    self.parent = parent
    let unique = String(UInt64.random(in: 0 ... .max), radix: 16)
    path = (parent?.path ?? "") + "/" + (name ?? "connreap-test-\(unique).slice")
    guard mkdir(top + path, 0o755) == 0 else { throw HarnessProblem.systemCall("mkdir", errno) }
  }

  deinit {
    let pids = (try? String(contentsOfFile: top + path + "/cgroup.procs", encoding: .utf8)) ?? ""
    for pid in pids.split(separator: "\n") { try? Self.write(pid, to: top + "/cgroup.procs") }
    // Processes may have created cgroups below it, and may still be exiting.
    for _ in 0..<100 where access(top + path, F_OK) == 0 {
      _ = try? Command.run([
        "find", top + path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";",
      ])
      if access(top + path, F_OK) == 0 { pause(for: .milliseconds(20)) }
    }
  }

  /// The `cgroup.procs` file: a process that writes its PID there joins the cgroup.
  var processes: String { top + path + "/cgroup.procs" }

  /// Moves a process into the cgroup.
  func take(_ pid: Int32) throws { try Self.write("\(pid)", to: top + path + "/cgroup.procs") }

  private static func write(_ text: some StringProtocol, to file: String) throws {
    let descriptor = open(file, O_WRONLY)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw HarnessProblem.systemCall("write", errno)
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// The test creates cgroups.
  static var needsControlGroups: Self {
    .enabled(
      if: (try? TestControlGroup()) != nil,
      "needs a writable cgroup2 hierarchy")
  }
}
