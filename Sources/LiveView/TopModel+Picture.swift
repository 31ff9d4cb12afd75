import Connections
import Operations
import Presentation
import Rendering
import Reports
import Scanning
package import Screens

// The rendering of the live view. Every line is exactly as wide as the screen.
extension TopModel {
  /// The lines of the screen, and the terminal cursor's position.
  var picture: ScreenPicture {
    switch mode {
    case .table, .filter: tablePicture
    default: pagePicture
    }
  }

  // MARK: - Table

  /// The number of table rows that fit.
  var tableHeight: Int {
    max(1, size.height - top.lines.count - bottom.count - (hasHeading ? 1 : 0))
  }

  private var hasHeading: Bool { size.height > 2 }

  private var tablePicture: ScreenPicture {
    let (top, bottom) = (top, bottom)
    let visible = scroll..<min(view.entries.count, scroll + tableHeight)
    var lines = top.lines
    let table = TopTable(model: self)
    let rows = table.lines(visible, width: size.width)
    if hasHeading { lines.append(rows.heading) }
    for (offset, index) in visible.enumerated() {
      let line = rows.lines[offset].fitted(to: size.width)
      lines.append(index == cursorIndex ? line.marked(.reverse) : line)
    }
    if visible.isEmpty { lines.append(ScreenLine(emptiness, ScreenLook(nil, .dim))) }
    let end = size.height - bottom.count
    while lines.count < end { lines.append(ScreenLine()) }
    lines = Array(lines.prefix(end)) + bottom
    return finished(lines, cursor: top.cursor)
  }

  private var emptiness: String {
    if scan == nil { return failure == nil ? "reading connections" : "" }
    return filter.applied.isEmpty ? "no connections" : "no connections match the filter"
  }

  /// The lines above the table.
  private var top: (lines: [ScreenLine], cursor: ScreenPicture.Place?) {
    var lines: [ScreenLine] = []
    if size.height > 5 { lines.append(titleLine) }
    if size.height > 9 { lines.append(countsLine) }
    guard let editor = filter.editor else {
      if size.height > 7 { lines.append(settingsLine) }
      return (lines, nil)
    }
    let typing = TopFilterLine(editor: editor, problem: filter.problem, pending: filter.pending)
    let row = lines.count
    let shown = typing.lines(width: size.width)
    lines += shown.lines.prefix(max(1, size.height - 2 - row))
    return (lines, ScreenPicture.Place(row: row, column: shown.column))
  }

  /// The lines below the table.
  private var bottom: [ScreenLine] {
    var lines: [ScreenLine] = []
    if size.height > 6 { lines += notes }
    if size.height > 4 { lines.append(keysLine) }
    return lines
  }

  /// `connreap top  3 of 1,204 connections, held by 2 processes            every 2s  10:12:45`
  private var titleLine: ScreenLine {
    var left = ScreenLine("connreap top", ScreenLook(nil, .bold))
    var right = ScreenLine()
    left.append("  " + summary)
    if let scan, scan.length > .milliseconds(Int64(interval)), !isPaused {
      // Scans do not overlap, so a slow scan is itself the interval.
      right.append("a scan takes \(Self.text(scan.length))", ScreenLook(.yellow))
    } else if isPaused {
      right.append(" PAUSED ", ScreenLook(.yellow, .reverse))
    } else {
      right.append("every \(DurationText.exact(milliseconds: interval))", ScreenLook(nil, .dim))
    }
    right.append("  " + (scan?.clock ?? ""), ScreenLook(nil, .dim))
    return joined(left, right)
  }

  /// `time`, rounded, such as `1h02m`.
  package static func text(_ time: Duration) -> String {
    DurationText.rounded(milliseconds: UInt64(max(0, time / .milliseconds(1))))
  }

  /// `890 ESTAB, 312 CLOSE-WAIT                            sent 1.2k/s  received 48M/s`
  private var countsLine: ScreenLine {
    var left = ScreenLine()
    for state in TCPState.lifecycleOrder where view.states[state] > 0 {
      if left.width > 0 { left.append(", ") }
      left.append(
        "\(Count.text(view.states[state])) \(state.label)",
        state == .closeWait ? ScreenLook(.red) : .plain)
    }
    let right = ScreenLine("sent \(view.sent.text)/s  received \(view.received.text)/s")
    return joined(left, view.places.isEmpty ? ScreenLine() : right)
  }

  /// `by idle, longest first  grouped by process  filter idle > 1h               3 marked`
  private var settingsLine: ScreenLine {
    var left = ScreenLine("by \(order.text)", ScreenLook(nil, .dim))
    if let grouping { left.append("  grouped by \(grouping.rawValue)", ScreenLook(nil, .dim)) }
    if !filter.applied.isEmpty {
      left.append("  filter ")
      left.append(EscapedText.escaped(filter.applied), ScreenLook(.cyan))
    }
    guard !marks.isEmpty else { return left }
    let note = hiddenMarks == 0 ? "" : ", \(Count.text(hiddenMarks)) not shown"
    return joined(
      left,
      ScreenLine("\(Count.text(marks.count)) marked\(note)", ScreenLook(.cyan, .bold)))
  }

  /// The current message, failure or warnings, in a few lines.
  private var notes: [ScreenLine] {
    let texts: [(String, ScreenLook)]
    if let message {
      texts = [(message, ScreenLook(nil, .bold))]
    } else if let failure {
      texts = [(failure.message ?? "the scan failed", ScreenLook(.red, .bold))]
    } else {
      texts = warnings.map { ($0, ScreenLook(.yellow)) }
    }
    let lines = texts.flatMap { ScreenLine.wrapped($0.0, to: size.width, $0.1) }
    return Array(lines.prefix(size.height > 14 ? 4 : 1))
  }

  private var keysLine: ScreenLine {
    if case .filter = mode {
      return TopKeys.line([
        ("Enter", "apply"), ("Esc", "cancel"), ("^U", "clear"), ("↑↓", "move"),
      ])
    }
    return TopKeys.line([
      ("s", "sort"), ("/", "filter"), ("g", "group"), ("Enter", "details"),
      ("Space", "mark"), ("k", "close"), ("p", "pause"), ("?", "help"), ("q", "quit"),
    ])
  }

  /// One line with `left` and right-aligned `right`, which is dropped if there is too little room.
  private func joined(_ left: ScreenLine, _ right: ScreenLine) -> ScreenLine {
    let room = size.width - right.width
    guard room > 0, left.width < room else {
      guard size.width >= 40, room > size.width / 2 else { return left }
      return ScreenLine(left.fitted(to: room - 1).spans + [.init(" ")] + right.spans)
    }
    return ScreenLine(left.fitted(to: room).spans + right.spans)
  }

  // MARK: - Pages

  /// The number of page lines that fit.
  var pageHeight: Int { max(1, size.height - (size.height > 4 ? 2 : 0)) }

  /// The lines of the open page.
  var pageLines: [ScreenLine] { TopPage(model: self).lines(width: size.width) }

  private var pagePicture: ScreenPicture {
    let page = TopPage(model: self)
    var lines: [ScreenLine] = []
    if size.height > 4 { lines.append(page.title) }
    let all = pageLines
    lines += all.dropFirst(min(pageScroll, max(0, all.count - pageHeight))).prefix(pageHeight)
    let hasFooter = size.height > 4
    while lines.count < size.height - (hasFooter ? 1 : 0) { lines.append(ScreenLine()) }
    var cursor: ScreenPicture.Place?
    if hasFooter {
      let footer = page.footer(isCut: all.count > pageHeight)
      if page.asks {
        cursor = ScreenPicture.Place(row: lines.count, column: min(footer.width, size.width - 1))
      }
      lines.append(footer)
    }
    return finished(lines, cursor: cursor)
  }

  private func finished(_ lines: [ScreenLine], cursor: ScreenPicture.Place?) -> ScreenPicture {
    let lines = lines.prefix(size.height).map { $0.fitted(to: size.width) }
    return ScreenPicture(
      lines,
      cursor: cursor.map { cursor in
        ScreenPicture.Place(
          row: min(cursor.row, size.height - 1), column: min(cursor.column, size.width - 1))
      })
  }
}

/// The line that lists the available keys.
package enum TopKeys {
  /// The keys with their meanings, in one line.
  package static func line(_ keys: [(key: String, meaning: String)]) -> ScreenLine {
    var line = ScreenLine()
    for (index, entry) in keys.enumerated() {
      if index > 0 { line.append(" ") }
      line.append(entry.key, ScreenLook(nil, .bold))
      line.append(" \(entry.meaning)", ScreenLook(nil, .dim))
    }
    return line
  }
}
