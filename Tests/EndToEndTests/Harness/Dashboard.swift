import FoundationEssentials

/// The Grafana dashboard.
struct Dashboard {
  /// The panels.
  let panels: [Panel]

  /// Reads the dashboard from the checkout.
  init() throws {
    let text = try Checkout.read("Packaging/grafana/connreap.json")
    panels = try JSONDecoder().decode(Document.self, from: Data(text.utf8)).panels
  }

  /// The queries of all panels, as Grafana sends them when all instances are selected.
  var expressions: [String] {
    panels.flatMap(\.targets).map { $0.expr.replacing("$instance", with: ".*") }
  }

  private struct Document: Decodable {
    let panels: [Panel]
  }

  /// A panel.
  struct Panel: Decodable {
    let id: Int
    let title: String
    let description: String
    let gridPos: GridPosition
    let targets: [Target]
  }

  /// The position and size of a panel in a grid of 24 columns.
  struct GridPosition: Decodable {
    let x: Int
    let y: Int
    let w: Int
    let h: Int

    /// Whether both cover the same part of the grid.
    func overlaps(_ other: GridPosition) -> Bool {
      x < other.x + other.w && other.x < x + w && y < other.y + other.h && other.y < y + h
    }
  }

  /// A query of a panel.
  struct Target: Decodable {
    let expr: String
  }
}
