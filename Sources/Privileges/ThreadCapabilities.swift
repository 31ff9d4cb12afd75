internal import CCap
internal import Glibc
internal import SystemPackage

/// A working copy of the calling thread's capability sets. Only this type calls libcap.
@safe struct ThreadCapabilities: ~Copyable {
  private let state: cap_t

  /// Reads the current sets (cap_get_proc(3)).
  init() throws(PrivilegeProblem) {
    guard let state = unsafe cap_get_proc() else {
      throw .capabilitiesUnreadable(Errno(rawValue: errno))
    }
    unsafe self.state = state
  }

  deinit {
    _ = unsafe cap_free(UnsafeMutableRawPointer(state))
  }

  /// A capability set of capabilities(7).
  enum Kind {
    case effective
    case permitted

    fileprivate var flag: cap_flag_t { self == .effective ? CAP_EFFECTIVE : CAP_PERMITTED }
  }

  /// The capabilities in a set, limited to those that connreap can need.
  borrowing func set(_ kind: Kind) throws(PrivilegeProblem) -> Capabilities {
    var held: Capabilities = []
    for capability in Capability.allCases {
      var value = CAP_CLEAR
      guard unsafe cap_get_flag(state, capability.number, kind.flag, &value) == 0 else {
        throw .capabilitiesUnreadable(Errno(rawValue: errno))
      }
      if value == CAP_SET { held.formUnion(Capabilities(capability)) }
    }
    return held
  }

  /// Sets the thread's capabilities and clears the inheritable set (cap_set_proc(3)).
  borrowing func become(
    effective: Capabilities, permitted: Capabilities
  ) throws(PrivilegeProblem) {
    guard unsafe cap_clear(state) == 0 else {
      throw .capabilitiesUnchangeable(Errno(rawValue: errno))
    }
    for (capabilities, kind) in [(permitted, Kind.permitted), (effective, .effective)] {
      for capability in capabilities.members {
        var number = capability.number
        guard unsafe cap_set_flag(state, kind.flag, 1, &number, CAP_SET) == 0 else {
          throw .capabilitiesUnchangeable(Errno(rawValue: errno))
        }
      }
    }
    try apply()
  }

  /// Adds capabilities to the effective set of this copy, for ``apply()``.
  borrowing func raise(_ capabilities: Capabilities) throws(PrivilegeProblem) {
    for capability in capabilities.members {
      var number = capability.number
      guard unsafe cap_set_flag(state, CAP_EFFECTIVE, 1, &number, CAP_SET) == 0 else {
        throw .capabilitiesUnchangeable(Errno(rawValue: errno))
      }
    }
  }

  /// Makes this copy the thread's sets (cap_set_proc(3)).
  borrowing func apply() throws(PrivilegeProblem) {
    guard unsafe cap_set_proc(state) == 0 else {
      throw .capabilitiesUnchangeable(Errno(rawValue: errno))
    }
  }

  /// Prevents execve(2) from granting privileges: clears the ambient and the bounding set, and sets
  /// `PR_SET_NO_NEW_PRIVS`.
  ///
  /// The bounding set needs CAP_SETPCAP, which an ordinary user lacks; the last one is then enough.
  static func preventPrivilegeGain() throws(PrivilegeProblem) {
    // Kernels before 4.3 have no ambient capabilities and refuse this.
    _ = cap_prctl(Int(PR_CAP_AMBIENT), Int(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0, 0)
    for number in 0..<cap_value_t(cap_max_bits()) where cap_drop_bound(number) != 0 { break }
    guard cap_prctl(Int(PR_SET_NO_NEW_PRIVS), 1, 0, 0, 0, 0) == 0 else {
      throw .capabilitiesUnchangeable(Errno(rawValue: errno))
    }
  }

  /// Whether the program has more privileges than its caller (`AT_SECURE`).
  static var isSecureExecution: Bool { getauxval(UInt(AT_SECURE)) != 0 }
}

extension Capability {
  /// The number in linux/capability.h.
  fileprivate var number: cap_value_t {
    switch self {
    case .netAdmin: CAP_NET_ADMIN
    case .sysPtrace: CAP_SYS_PTRACE
    case .dacReadSearch: CAP_DAC_READ_SEARCH
    case .sysAdmin: CAP_SYS_ADMIN
    case .dacOverride: CAP_DAC_OVERRIDE
    case .chown: CAP_CHOWN
    }
  }
}
