/// A table of the HTML report, with a caption and column headings.
package struct ReportTable {
  package let caption: String
  package let columns: [Column]
  /// The rows shown. The first cell of each is its heading.
  package var rows: [[Cell]]
  /// The number of all rows, including those not shown.
  package var total: Int

  /// One column: its heading and the kind of its cells.
  package struct Column {
    package let title: String
    package var kind = Kind.text

    package init(title: String, kind: Kind = Kind.text) {
      self.title = title
      self.kind = kind
    }

    /// The kind of text in a column, as its CSS class.
    package enum Kind: String {
      case text
      case number
      /// A name chosen by others, which may be long and have no space to break at.
      case name
      case time
    }
  }

  /// Text whose names are already escaped, and its look.
  package struct Cell {
    package let text: String
    /// Smaller text below, also already escaped.
    package var detail: String?
    package var look: Look?

    /// The look of a cell, as its CSS class.
    package enum Look: String {
      case bad
      case warning = "warn"
      case good
      case code
      case soft
    }

    package init(_ text: String, _ look: Look? = nil, detail: String? = nil) {
      self.text = text
      self.detail = detail
      self.look = look
    }

    /// Text read from a machine, which is still to be escaped.
    package static func raw(_ text: String, _ look: Look? = nil) -> Cell {
      Cell(EscapedText.escaped(text), look)
    }

    /// An unknown value.
    package static let unknown = Cell("unknown", .soft)
  }

  /// The maximum number of rows shown.
  static let maximumRows = 20

  /// A table of the first `items`, each turned into a row by `row`.
  package init<Item>(
    _ caption: String, _ columns: [Column], _ items: [Item], _ row: (Item) -> [Cell]
  ) {
    self.caption = caption
    self.columns = columns
    rows = items.prefix(Self.maximumRows).map(row)
    total = items.count
  }

  /// Writes the table, and a note if it does not show all rows.
  package func write(to page: inout HTMLText) {
    page.element("table") { page in
      page.element("caption", visible: caption)
      page.element("thead") { page in
        page.element("tr") { page in
          for column in columns {
            page.element(
              "th", ["scope": "col", "class": column.kind.rawValue],
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
      visible: "First \(Count.text(rows.count)) of \(Count.text(total)) rows.")
  }

  private func write(_ row: [Cell], to page: inout HTMLText) {
    page.element("tr") { page in
      for (index, cell) in row.enumerated() {
        let column = columns[index]
        let classes = column.kind.rawValue + (cell.look.map { " \($0.rawValue)" } ?? "")
        func content(_ page: inout HTMLText) {
          page.visible(cell.text)
          if let detail = cell.detail {
            page.visible(" ")
            page.element("span", ["class": "detail"], visible: detail)
          }
        }
        if index == 0 {
          page.element("th", ["scope": "row", "class": classes], content)
        } else {
          page.element("td", ["class": classes, "data-label": column.title], content)
        }
      }
    }
  }
}
