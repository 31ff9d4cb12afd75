import DescriptorActions
import Glibc
package import Operations
import Privileges
package import ProcessTable
import Rendering

extension Examination {
  /// Which processes `--method shutdown`, `abort` and `keepalive` can reach into.
  ///
  /// The kernel is asked about each, without touching a descriptor.
  package static func descriptors(_ system: LiveSystem) -> Check {
    var reach = DescriptorReach()
    do throws(DescriptorProblem) {
      try OpenProcess(getpid()).checkAccess()
      for pid in (try? system.processes.programs()) ?? [] {
        guard let pid = system.processes.callablePid(of: pid), pid != getpid() else { continue }
        reach.count(pid)
      }
    } catch .notPermitted {
      return reach.check(kernelProblem: "a filter of system calls (seccomp) forbids pidfd_getfd")
    } catch .notSupported {
      return reach.check(kernelProblem: "\(DescriptorProblem.notSupported)")
    } catch {
      return reach.check(kernelProblem: "\(error)")
    }
    let held = (try? HeldCapabilities.current())?.permitted.contains(.sysPtrace)
    return reach.check(
      holdsCapability: held, ptraceScope: system.processes.ptraceScope(),
      limits: system.processes.viewLimits())
  }
}

/// How many processes can be reached into, and what `doctor` says of it.
package struct DescriptorReach {
  package private(set) var reached = 0
  package private(set) var refused = 0

  private static let (id, title) = ("reach", "reaches descriptors")
  private static let methods = "--method shutdown, abort and keepalive"

  package init(reached: Int = 0, refused: Int = 0) {
    self.reached = reached
    self.refused = refused
  }

  /// Asks about one process more; one that ends meanwhile is not counted.
  fileprivate mutating func count(_ pid: Int32) {
    do throws(DescriptorProblem) {
      try OpenProcess(pid).checkAccess()
      reached += 1
    } catch .notPermitted {
      refused += 1
    } catch {}
  }

  /// What follows when the kernel cannot do it at all.
  package func check(kernelProblem: String) -> Check {
    Check(
      id: Self.id, severity: .warning, title: Self.title,
      detail: "no: \(kernelProblem); \(Self.methods) do not work, --method destroy does without")
  }

  /// - Parameters:
  ///   - holdsCapability: whether CAP_SYS_PTRACE is held; nil when that is unknown.
  ///   - ptraceScope: `kernel.yama.ptrace_scope`; nil where there is none.
  ///   - limits: why `/proc` may not show all processes.
  package func check(holdsCapability: Bool?, ptraceScope: Int?, limits: [ViewLimit] = []) -> Check {
    guard refused > 0 else {
      let isWhole = limits.isEmpty
      return Check(
        id: Self.id, severity: isWhole ? .well : .note, title: Self.title,
        detail: "pidfd_getfd, into every \(isWhole ? "" : "visible ")process: \(Self.methods)")
    }
    let count = "\(Count.text(refused)) of \(Count.text(reached + refused)) processes"
    let reason: String
    switch (ptraceScope ?? 0, holdsCapability) {
    case (3..., _):
      reason = "kernel.yama.ptrace_scope is \(ptraceScope ?? 3), which forbids it to everybody"
    case (1..., false):
      reason =
        "CAP_SYS_PTRACE missing, and kernel.yama.ptrace_scope is \(ptraceScope ?? 1), so that "
        + "your own are out of reach too; run it with sudo"
    case (_, false): reason = "CAP_SYS_PTRACE missing; run it with sudo"
    default:
      reason = "a process with more capabilities, a security module, or another user namespace"
    }
    return Check(
      id: Self.id, severity: .warning, title: Self.title,
      detail: "not into \(count), for \(Self.methods): \(reason)")
  }
}
