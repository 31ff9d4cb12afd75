import Connections
import Operations
import Presentation
import Rendering
import Scanning
import Screens

// The details pane of a wide screen.
extension TopModel {
  /// Counts the processes and peers of the group under the cursor, if the pane shows them.
  mutating func updatePane() {
    guard TopBody.paneWidth(of: self) > 0, let scan, view.entries.indices.contains(cursorIndex),
      case .group(let index) = view.entries[cursorIndex]
    else {
      paneGroup = nil
      return
    }
    let identity = view.groups[index].group.identity
    guard paneGroup?.identity != identity else { return }
    paneGroup = (identity, TopGroupSummary(of: view.groups[index], in: scan))
  }

  /// The title and the lines of the details pane.
  func paneContents(width: Int) -> (title: String, lines: [ScreenLine]) {
    guard let scan, view.entries.indices.contains(cursorIndex) else { return ("Details", []) }
    switch view.entries[cursorIndex] {
    case .group(let index):
      let label = EscapedText.escaped(view.groups[index].label(in: scan))
      return (label, paneGroup?.summary.lines(trends, width: width) ?? [])
    case .connection(let place):
      let connection = scan.connections[place]
      let details = TopDetails(
        connection: connection, scan: scan, rates: rates, explains: false)
      return (
        "\(scan.text.end(.local, of: connection)) → \(scan.text.end(.peer, of: connection))",
        details.lines(width: width)
      )
    }
  }
}
