internal import CCap
internal import Glibc
internal import SystemPackage

/// The capabilities of a process, of those that connreap can need.
///
/// A value, so that what follows from it can be tested without being root.
public struct HeldCapabilities: Sendable, Equatable {
  /// Those that the kernel checks against.
  public let effective: Set<Capability>
  /// Those that the process may raise to effective.
  public let permitted: Set<Capability>

  /// These sets, whatever the process holds.
  public init(effective: Set<Capability>, permitted: Set<Capability>) {
    self.effective = effective
    self.permitted = permitted
  }

  /// What the calling thread holds now (cap_get_proc(3)).
  ///
  /// - Throws: ``PrivilegeProblem/capabilitiesUnreadable(_:)``.
  public static func current() throws(PrivilegeProblem) -> HeldCapabilities {
    guard let state = unsafe cap_get_proc() else {
      throw .capabilitiesUnreadable(Errno(rawValue: errno))
    }
    defer { _ = unsafe cap_free(UnsafeMutableRawPointer(state)) }
    func raised(in set: cap_flag_t) throws(PrivilegeProblem) -> Set<Capability> {
      var held: Set<Capability> = []
      for capability in Capability.allCases {
        var value = CAP_CLEAR
        guard unsafe cap_get_flag(state, capability.number, set, &value) == 0 else {
          throw .capabilitiesUnreadable(Errno(rawValue: errno))
        }
        if value == CAP_SET { held.insert(capability) }
      }
      return held
    }
    return HeldCapabilities(
      effective: try raised(in: CAP_EFFECTIVE), permitted: try raised(in: CAP_PERMITTED))
  }
}

extension Capability {
  /// The number of linux/capability.h.
  fileprivate var number: cap_value_t {
    switch self {
    case .netAdmin: CAP_NET_ADMIN
    case .sysPtrace: CAP_SYS_PTRACE
    case .dacReadSearch: CAP_DAC_READ_SEARCH
    case .sysAdmin: CAP_SYS_ADMIN
    }
  }
}
