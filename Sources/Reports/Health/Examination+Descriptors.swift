import DescriptorActions
import Glibc
package import Operations
import Privileges
package import ProcessTable
import Rendering

extension Examination {
  /// Checks on which processes `--method shutdown`, `abort` and `keepalive` work.
  ///
  /// It asks the kernel about each process and touches no descriptor.
  package static func descriptors(_ system: LiveSystem) -> Check {
    var reach = DescriptorReach()
    do throws(DescriptorProblem) {
      try OpenProcess(getpid()).checkAccess()
      for pid in (try? system.processes.programs()) ?? [] {
        guard let pid = system.processes.callablePid(of: pid), pid != getpid() else { continue }
        reach.count(pid)
      }
    } catch .notPermitted {
      return reach.check(kernelProblem: "seccomp forbids pidfd_getfd")
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

/// The processes whose descriptors can be accessed.
package struct DescriptorReach {
  package private(set) var reached = 0
  package private(set) var refused = 0

  private static let (id, title) = ("reach", "descriptor access")
  private static let methods = "--method shutdown, abort and keepalive"

  package init(reached: Int = 0, refused: Int = 0) {
    self.reached = reached
    self.refused = refused
  }

  /// Tries one process. A process that has ended is not counted.
  fileprivate mutating func count(_ pid: Int32) {
    do throws(DescriptorProblem) {
      try OpenProcess(pid).checkAccess()
      reached += 1
    } catch .notPermitted {
      refused += 1
    } catch {}
  }

  /// The check if the kernel does not support it.
  package func check(kernelProblem: String) -> Check {
    Check(
      id: Self.id, severity: .warning, title: Self.title,
      detail: "no: \(kernelProblem); \(Self.methods) do not work (--method destroy does)")
  }

  /// The check if the kernel supports it.
  ///
  /// - Parameters:
  ///   - holdsCapability: whether CAP_SYS_PTRACE is held; nil if unknown.
  ///   - ptraceScope: `kernel.yama.ptrace_scope`; nil without Yama.
  ///   - limits: why `/proc` may not show all processes.
  package func check(holdsCapability: Bool?, ptraceScope: Int?, limits: [ViewLimit] = []) -> Check {
    guard refused > 0 else {
      let isWhole = limits.isEmpty
      return Check(
        id: Self.id, severity: isWhole ? .well : .note, title: Self.title,
        detail: "pidfd_getfd works on every \(isWhole ? "" : "visible ")process: \(Self.methods)")
    }
    let count = "\(Count.text(refused)) of \(Count.text(reached + refused)) processes"
    let reason: String
    switch (ptraceScope ?? 0, holdsCapability) {
    case (3..., _):
      reason = "kernel.yama.ptrace_scope is \(ptraceScope ?? 3), which forbids it to everyone"
    case (1..., false):
      reason =
        "CAP_SYS_PTRACE missing, and kernel.yama.ptrace_scope is \(ptraceScope ?? 1), "
        + "which protects your own processes too; run it with sudo"
    case (_, false): reason = "CAP_SYS_PTRACE missing; run it with sudo"
    default:
      reason = "a process with more capabilities, a security module, or another user namespace"
    }
    return Check(
      id: Self.id, severity: .warning, title: Self.title,
      detail: "\(count) are out of reach for \(Self.methods): \(reason)")
  }
}
