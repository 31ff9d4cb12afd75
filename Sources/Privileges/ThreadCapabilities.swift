internal import CCap
internal import Glibc
internal import SystemPackage

/// The capability sets of the calling thread, as they were and as they are to be: the one place
/// that calls libcap.
@safe struct ThreadCapabilities: ~Copyable {
  private let state: cap_t

  /// Those of now (cap_get_proc(3)).
  init() throws(PrivilegeProblem) {
    guard let state = unsafe cap_get_proc() else {
      throw .capabilitiesUnreadable(Errno(rawValue: errno))
    }
    unsafe self.state = state
  }

  deinit {
    _ = unsafe cap_free(UnsafeMutableRawPointer(state))
  }

  /// One of the sets of capabilities(7).
  enum Kind {
    case effective
    case permitted

    fileprivate var flag: cap_flag_t { self == .effective ? CAP_EFFECTIVE : CAP_PERMITTED }
  }

  /// Those of connreap's that are in a set.
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

  /// Makes these the sets of the thread, and the inheritable one empty (cap_set_proc(3)).
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

  /// Adds the capabilities to the effective ones that ``apply()`` will make the thread's, and
  /// leaves all else.
  borrowing func raise(_ capabilities: Capabilities) throws(PrivilegeProblem) {
    for capability in capabilities.members {
      var number = capability.number
      guard unsafe cap_set_flag(state, CAP_EFFECTIVE, 1, &number, CAP_SET) == 0 else {
        throw .capabilitiesUnchangeable(Errno(rawValue: errno))
      }
    }
  }

  /// Makes these the sets of the thread (cap_set_proc(3)).
  borrowing func apply() throws(PrivilegeProblem) {
    guard unsafe cap_set_proc(state) == 0 else {
      throw .capabilitiesUnchangeable(Errno(rawValue: errno))
    }
  }

  /// Takes away what a program could gain by execve(2): the ambient and the bounding set, and
  /// what its file would give (`PR_SET_NO_NEW_PRIVS`).
  ///
  /// The bounding set needs CAP_SETPCAP, which an ordinary user lacks; the last is enough then.
  static func closeTheWayUp() throws(PrivilegeProblem) {
    // Refused by kernels without ambient capabilities, before 4.3.
    _ = cap_prctl(Int(PR_CAP_AMBIENT), Int(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0, 0)
    for number in 0..<cap_value_t(cap_max_bits()) where cap_drop_bound(number) != 0 { break }
    guard cap_prctl(Int(PR_SET_NO_NEW_PRIVS), 1, 0, 0, 0, 0) == 0 else {
      throw .capabilitiesUnchangeable(Errno(rawValue: errno))
    }
  }

  /// Whether the kernel gave this program more rights than its caller has (`AT_SECURE`).
  static var isSecureExecution: Bool { getauxval(UInt(AT_SECURE)) != 0 }
}

extension Capability {
  /// The number of linux/capability.h.
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
