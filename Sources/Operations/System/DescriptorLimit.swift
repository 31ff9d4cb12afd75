import Glibc

/// How many descriptors this process may have open (`RLIMIT_NOFILE`).
package enum DescriptorLimit {
  /// What connreap needs beside what it is asked to allow.
  private static let ownNeed = 128

  /// Raises the soft limit for `count` more descriptors, as far as the hard limit permits.
  package static func allow(_ count: Int) {
    var limits = rlimit()
    let wanted = rlim_t(count + ownNeed)
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0,
      limits.rlim_cur < wanted, limits.rlim_cur < limits.rlim_max
    else { return }
    limits.rlim_cur = min(wanted, limits.rlim_max)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
  }
}
