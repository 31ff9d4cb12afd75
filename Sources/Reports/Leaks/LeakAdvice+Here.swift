import Glibc
import Operations

extension LeakAdvice {
  /// The directory that the packages and the documentation use for policies.
  package static let policyDirectory = "/etc/connreap/policies"

  /// What any machine offers.
  package static let general = LeakAdvice(
    policyDirectory: nil, program: nil, hasCronDirectory: false)

  /// What this machine offers.
  package static var here: LeakAdvice {
    unsafe LeakAdvice(
      policyDirectory: geteuid() == 0 ? policyDirectory : nil,
      createsDirectory: access(policyDirectory, F_OK) != 0,
      program: executable, hasCronDirectory: access("/etc/cron.d", F_OK) == 0)
  }

  /// The absolute path of this program; nil if it is unknown or was replaced.
  private static var executable: String? {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &path, path.count)
    guard count > 0, count < path.count else { return nil }
    let text = String(validating: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.flatMap { $0.hasSuffix(" (deleted)") ? nil : $0 }
  }
}
