import Glibc

/// The limit on open descriptors of this process (`RLIMIT_NOFILE`).
package enum DescriptorLimit {
  /// The descriptors that connreap needs for other purposes.
  private static let ownNeed = 128

  /// Raises the soft limit for `count` more descriptors, up to the hard limit.
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
