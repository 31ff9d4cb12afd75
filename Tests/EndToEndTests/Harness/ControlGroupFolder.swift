import FoundationEssentials
import Glibc
import Testing

/// A cgroup of a test's own, removed with this value; its processes go back to the test's cgroup.
final class ControlGroupFolder {
  /// Its path in the hierarchy.
  let path: String
  private let top: String
  /// Kept, so that it is removed after this one.
  private let parent: ControlGroupFolder?

  /// Where the hierarchy of version 2 is mounted.
  static let top: String? = {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    let fields = mounts.split(separator: "\n").map { $0.split(separator: " ") }
    return fields.first { $0.count > 2 && $0[2] == "cgroup2" }.map { String($0[1]) }
  }()

  /// Makes a slice of its own, or a cgroup of this name in `parent`.
  init(in parent: ControlGroupFolder? = nil, _ name: String? = nil) throws {
    top = try #require(Self.top)
    self.parent = parent
    let unique = String(UInt64.random(in: 0 ... .max), radix: 16)
    path = (parent?.path ?? "") + "/" + (name ?? "connreap-test-\(unique).slice")
    guard mkdir(top + path, 0o755) == 0 else { throw HarnessProblem.systemCall("mkdir", errno) }
  }

  deinit {
    let pids = (try? String(contentsOfFile: top + path + "/cgroup.procs", encoding: .utf8)) ?? ""
    for pid in pids.split(separator: "\n") { try? Self.write(pid, to: top + "/cgroup.procs") }
    // What a process made below it; its own processes may be about to end.
    for _ in 0..<100 where access(top + path, F_OK) == 0 {
      _ = try? Command.run([
        "find", top + path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";",
      ])
      if access(top + path, F_OK) == 0 { pause(for: .milliseconds(20)) }
    }
  }

  /// The file that a process writes its id to, to get into it.
  var processes: String { top + path + "/cgroup.procs" }

  /// Puts a process into it.
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
  /// The test makes cgroups.
  static var needsControlGroups: Self {
    .enabled(
      if: (try? ControlGroupFolder()) != nil,
      "needs a cgroup2 hierarchy that may be written")
  }
}
