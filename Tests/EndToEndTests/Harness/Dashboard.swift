import FoundationEssentials

/// The dashboard for Grafana.
struct Dashboard {
  /// Its panels.
  let panels: [Panel]

  /// Reads it.
  init() throws {
    let text = try Checkout.read("Packaging/grafana/connreap.json")
    panels = try JSONDecoder().decode(Document.self, from: Data(text.utf8)).panels
  }

  /// The expressions of all panels, as Grafana sends them when all machines are chosen.
  var expressions: [String] {
    panels.flatMap(\.targets).map { $0.expr.replacing("$instance", with: ".*") }
  }

  private struct Document: Decodable {
    let panels: [Panel]
  }

  /// One of its panels.
  struct Panel: Decodable {
    let id: Int
    let title: String
    let description: String
    let gridPos: Place
    let targets: [Target]
  }

  /// Where a panel is, in a grid of 24 columns.
  struct Place: Decodable {
    let x: Int
    let y: Int
    let w: Int
    let h: Int

    /// Whether both cover a part of the grid.
    func meets(_ other: Place) -> Bool {
      x < other.x + other.w && other.x < x + w && y < other.y + other.h && other.y < y + h
    }
  }

  /// One expression of a panel.
  struct Target: Decodable {
    let expr: String
  }
}
