import Connections
import Scanning
package import Selection

extension LiveSystem {
  /// What to report if `predicate` asks for sockets that are only bound to a port, and the kernel is
  /// too old to list them; nothing if it lists them, or its release is unknown.
  package func boundSocketNotices(_ predicate: SelectionPredicate) -> [String] {
    guard predicate.stateMask.contains(.boundInactive), moment.listsBoundSockets == false else {
      return []
    }
    return ["this kernel may not list bound-inactive sockets: Linux does since 6.8"]
  }
}
