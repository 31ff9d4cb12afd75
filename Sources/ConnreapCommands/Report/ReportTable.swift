/// A table of a page: with a caption, and headings that say what they are of.
struct ReportTable {
  let caption: String
  let columns: [Column]
  /// The first cell of each row is its heading.
  var rows: [[Cell]]
  /// How many rows there would be; those beyond the ones that are there are told by number.
  var total: Int

  struct Column {
    let title: String
    var isNumber = false
  }

  /// Visible text, and a class that says how it looks.
  struct Cell {
    let text: String
    var look: Look?

    enum Look: String {
      case bad
      case warning = "warn"
      case good
      case code
      case soft
    }

    init(_ text: String, _ look: Look? = nil) {
      self.text = text
      self.look = look
    }

    /// Text as some machine told it.
    static func raw(_ text: String, _ look: Look? = nil) -> Cell {
      Cell(EscapedText.escaped(text), look)
    }

    /// What is not known.
    static let unknown = Cell("unknown", .soft)
  }

  /// How many rows of a long list a page has.
  static let mostRows = 20

  /// The first of `items`, each as a row.
  init<Item>(
    _ caption: String, _ columns: [Column], _ items: [Item], _ row: (Item) -> [Cell]
  ) {
    self.caption = caption
    self.columns = columns
    rows = items.prefix(Self.mostRows).map(row)
    total = items.count
  }

  func write(to page: inout HTMLText) {
    page.element("table") { page in
      page.element("caption", visible: caption)
      page.element("thead") { page in
        page.element("tr") { page in
          for column in columns {
            page.element(
              "th", ["scope": "col", "class": column.isNumber ? "number" : "text"],
              visible: column.title)
          }
        }
      }
      page.element("tbody") { page in
        for row in rows { write(row, to: &page) }
      }
    }
    guard total > rows.count else { return }
    page.element(
      "p", ["class": "note"],
      visible: "The first \(Count.text(rows.count)) of \(Count.text(total)).")
  }

  private func write(_ row: [Cell], to page: inout HTMLText) {
    page.element("tr") { page in
      for (place, cell) in row.enumerated() {
        let classes = [columns[place].isNumber ? "number" : nil, cell.look?.rawValue]
          .compactMap { $0 }.joined(separator: " ")
        if place == 0 {
          page.element("th", ["scope": "row", "class": classes], visible: cell.text)
        } else {
          page.element(
            "td", ["class": classes, "data-label": columns[place].title], visible: cell.text)
        }
      }
    }
  }
}
