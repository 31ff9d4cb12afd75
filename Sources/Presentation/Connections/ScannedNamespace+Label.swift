import Connections
import Rendering
package import Scanning

extension ScannedNamespace {
  /// Its name or, without one, its number; escaped.
  package var label: String {
    name.map(EscapedText.escaped) ?? inode.map { "\($0)" } ?? "an unknown one"
  }
}
