import Connections
import Rendering
package import Scanning

extension ScannedNamespace {
  /// The name, or else the inode number; escaped.
  package var label: String {
    name.map(EscapedText.escaped) ?? inode.map { "\($0)" } ?? "unknown"
  }
}
