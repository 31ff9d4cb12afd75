/// A table of a page: with a caption, and headings that say what they are of.
package struct ReportTable {
  package let caption: String
  package let columns: [Column]
  /// The first cell of each row is its heading.
  package var rows: [[Cell]]
  /// How many rows there would be; those beyond the ones that are there are told by number.
  package var total: Int

  package struct Column {
    package let title: String
    package var kind = Kind.text

    package init(title: String, kind: Kind = Kind.text) {
      self.title = title
      self.kind = kind
    }

    package enum Kind: String {
      case text
      case number
      /// What somebody else chose: it may be long, without a place to break it.
      case name
      case time
    }
  }

  /// Visible text, and how it looks.
  package struct Cell {
    package let text: String
    /// Below it, in smaller letters; visible text too.
    package var detail: String?
    package var look: Look?

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

    /// Text as some machine told it.
    package static func raw(_ text: String, _ look: Look? = nil) -> Cell {
      Cell(EscapedText.escaped(text), look)
    }

    /// What is not known.
    package static let unknown = Cell("unknown", .soft)
  }

  /// How many rows of a long list a page has.
  static let mostRows = 20

  /// The first of `items`, each as a row.
  package init<Item>(
    _ caption: String, _ columns: [Column], _ items: [Item], _ row: (Item) -> [Cell]
  ) {
    self.caption = caption
    self.columns = columns
    rows = items.prefix(Self.mostRows).map(row)
    total = items.count
  }

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
      visible: "The first \(Count.text(rows.count)) of \(Count.text(total)).")
  }

  private func write(_ row: [Cell], to page: inout HTMLText) {
    page.element("tr") { page in
      for (place, cell) in row.enumerated() {
        let column = columns[place]
        let classes = column.kind.rawValue + (cell.look.map { " \($0.rawValue)" } ?? "")
        func content(_ page: inout HTMLText) {
          page.visible(cell.text)
          if let detail = cell.detail {
            page.visible(" ")
            page.element("span", ["class": "detail"], visible: detail)
          }
        }
        if place == 0 {
          page.element("th", ["scope": "row", "class": classes], content)
        } else {
          page.element("td", ["class": classes, "data-label": column.title], content)
        }
      }
    }
  }
}
