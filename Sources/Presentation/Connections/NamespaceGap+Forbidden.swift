import Netlink
package import Scanning
import SystemPackage

extension NamespaceGap {
  /// Whether entering the namespace was not permitted.
  package var isForbidden: Bool {
    guard case .cannotList(_, .cannotEnter(let errno)) = problem else { return false }
    return errno == .notPermitted || errno == .permissionDenied
  }
}
