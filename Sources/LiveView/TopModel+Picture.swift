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
    case .table, .filter, .menu: tablePicture
    default: pagePicture
    }
  }

  // MARK: - Table

  /// The number of table rows that fit.
  var tableHeight: Int { max(1, bodyHeight - headingCount) }

  /// The number of lines between those above and below the table.
  private var bodyHeight: Int { max(1, size.height - top.lines.count - bottom.count) }

  /// The number of headings: one for groups, if there are any, and one for connections.
  var headingCount: Int {
    guard size.height > 2 else { return 0 }
    return grouping != nil && view.listsConnections && size.height > 8 ? 2 : 1
  }

  private var tablePicture: ScreenPicture {
    let top = top
    return finished(
      top.lines + TopBody(self, height: bodyHeight).lines + bottom, cursor: top.cursor)
  }

  /// What is at a place of the screen; nil if there is nothing to click.
  func target(at place: ScreenPicture.Place) -> TopBody.Target? {
    let row = place.row - top.lines.count
    guard (0..<bodyHeight).contains(row) else { return nil }
    return TopBody(self, height: bodyHeight).target(row: row, column: place.column)
  }

  /// The text in place of an empty table.
  var emptiness: String {
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
    let length = scan?.length ?? .zero
    if isPaused {
      right.append(" PAUSED ", ScreenLook(.yellow, .reverse))
    } else if length > max(.milliseconds(Int64(interval)), pace ?? .zero) {
      // Scans do not overlap, so a slow scan is itself the interval.
      right.append("a scan takes \(Self.text(length))", ScreenLook(.yellow))
    } else if let pace {
      right.append("every \(Self.text(pace)) (10 % CPU)", ScreenLook(.yellow))
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

  /// `grouped by process, by CLOSE-WAIT, largest first  filter idle > 1h         3 marked`
  private var settingsLine: ScreenLine {
    let dim = ScreenLook(nil, .dim)
    var left = ScreenLine()
    if let grouping {
      left.append("grouped by \(grouping.rawValue), by \(groupOrder.text(of: grouping))", dim)
    } else {
      left.append("by \(order.text)", dim)
    }
    if !filter.applied.isEmpty {
      left.append(filter.word == nil ? "  filter " : "  search ")
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
    if case .menu(let menu) = mode {
      let keys =
        menu.subject == .columns
        ? [("Space", "show or hide"), ("Enter", "close")]
        : [("Enter", "sort"), ("r", "reverse"), ("Esc", "close")]
      return TopKeys.line(keys + [("↑↓", "move")])
    }
    var keys = [
      ("?", "help"), ("F2", "columns"), ("F6", "sort"), ("g", "group"), ("/", "filter"),
      ("Enter", "open"),
      ("Space", "mark"), ("k", "close"),
    ]
    if size.width >= 100 { keys += [("c", "copy"), ("p", "pause")] }
    return TopKeys.line(keys + [("q", "quit")])
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
