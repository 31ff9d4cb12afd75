/// A bar chart as an inline SVG image.
///
/// Horizontal sizes are percentages, so that text stays readable on a narrow screen. Every value is
/// also printed, so that nothing depends on colour.
package struct ReportChart {
  /// An identifier that is unique on the page.
  package let id: StaticString
  package let title: String
  package let bars: [Bar]

  package init(id: StaticString, title: String, bars: [Bar]) {
    self.id = id
    self.title = title
    self.bars = bars
  }

  /// One value of the chart.
  package struct Bar {
    /// The label, with names already escaped.
    package let label: String
    package let value: Int
    /// The value as text, such as `5 of 4, full`.
    package let text: String
    package var look = Look.normal
    /// The value of a full bar; nil for the greatest value in the chart.
    package var full: Int?

    package init(
      label: String, value: Int, text: String, look: Look = Look.normal, full: Int? = nil
    ) {
      self.label = label
      self.value = value
      self.text = text
      self.look = look
      self.full = full
    }
  }

  /// The colour of a bar, as its CSS class.
  package enum Look: String {
    case normal = "bar"
    case bad = "bar bad"
    case warning = "bar warn"
    case good = "bar good"
  }

  /// All values as text, for screen readers.
  private var description: String {
    bars.map { "\($0.label): \($0.text)" }.joined(separator: "; ")
  }

  private var greatest: Int { max(1, bars.map(\.value).max() ?? 0) }

  // MARK: - Rows

  private static let rowHeight = 38
  /// A longer label would overlap the value on the narrowest screens.
  private static let maximumLabelLength = 26

  /// Writes horizontal bars, one per row, each below its label and value.
  package func writeRows(to page: inout HTMLText) {
    image(height: bars.count * Self.rowHeight, to: &page) { page in
      for (index, bar) in bars.enumerated() {
        let top = index * Self.rowHeight
        page.element("g") { page in
          page.element("title", visible: "\(bar.label): \(bar.text)")
          page.element("text", ["x": "0", "y": "\(top + 14)"], visible: Self.shortened(bar.label))
          page.element(
            "text", ["x": "100%", "y": "\(top + 14)", "class": "value"], visible: bar.text)
          page.empty(
            "rect",
            [
              "class": "track", "x": "0", "y": "\(top + 20)", "width": "100%", "height": "10",
              "rx": "3",
            ])
          guard bar.value > 0 else { return }
          let width = Self.share(bar.value, of: bar.full ?? greatest)
          page.empty(
            "rect",
            [
              "class": bar.look.rawValue, "x": "0", "y": "\(top + 20)", "width": width,
              "height": "10", "rx": "3",
            ])
        }
      }
    }
  }

  // MARK: - Columns

  private static let columnHeight = 120
  private static let columnTop = 22

  /// Writes vertical bars side by side, each with its value above and its label below.
  package func writeColumns(to page: inout HTMLText) {
    let base = Self.columnTop + Self.columnHeight
    image(height: base + 26, to: &page) { page in
      page.empty(
        "line",
        ["class": "axis", "x1": "0", "x2": "100%", "y1": "\(base)", "y2": "\(base)"])
      for (index, bar) in bars.enumerated() {
        let height =
          bar.value == 0 ? 0 : max(2, bar.value * Self.columnHeight / greatest)
        let middle = Self.percent(hundredths: (2 * index + 1) * 5_000 / max(1, bars.count))
        page.element("g") { page in
          page.element("title", visible: "\(bar.label): \(bar.text)")
          page.empty(
            "rect",
            [
              "class": bar.look.rawValue,
              "x": Self.percent(hundredths: (8 * index + 1) * 10_000 / (8 * max(1, bars.count))),
              "y": "\(base - height)",
              "width": Self.percent(hundredths: 6 * 10_000 / (8 * max(1, bars.count))),
              "height": "\(height)", "rx": "2",
            ])
          page.element(
            "text", ["x": middle, "y": "\(base - height - 6)", "class": "middle"],
            visible: bar.text)
          page.element(
            "text", ["x": middle, "y": "\(base + 18)", "class": "middle soft"], visible: bar.label)
        }
      }
    }
  }

  private func image(
    height: Int, to page: inout HTMLText, _ content: (inout HTMLText) -> Void
  ) {
    page.element(
      "svg",
      [
        "role": "img", "aria-labelledby": "\(id)-title \(id)-text", "width": "100%",
        "height": "\(height)",
      ]
    ) { page in
      page.element("title", ["id": "\(id)-title"], text: title)
      page.element("desc", ["id": "\(id)-text"], visible: description)
      content(&page)
    }
  }

  /// The label, truncated if it is too long. The title and the table have all of it.
  private static func shortened(_ label: String) -> String {
    label.count > maximumLabelLength ? label.prefix(maximumLabelLength - 1) + "…" : label
  }

  /// The width of a bar as a percentage, at least 0.5 % so that it is visible.
  private static func share(_ value: Int, of full: Int) -> String {
    let share = Double(min(value, full)) / Double(max(1, full))
    return percent(hundredths: max(50, Int((share * 10_000).rounded())))
  }

  private static func percent(hundredths: Int) -> String {
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
  }
}
