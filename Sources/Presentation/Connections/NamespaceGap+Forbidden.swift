import Netlink
package import Scanning
import SystemPackage

extension NamespaceGap {
  /// Whether the kernel did not permit to enter it.
  package var isForbidden: Bool {
    guard case .cannotList(_, .cannotEnter(let errno)) = problem else { return false }
    return errno == .notPermitted || errno == .permissionDenied
  }
}
