import Connections
import Operations
import Rendering
import Screens

extension LogRecord {
  /// Appends the record as lines of text that fit the width of `layout`.
  ///
  ///     2026-11-21 05:42:50.123Z  closed      127.0.0.1:80 → 127.0.0.1:50000  CLOSE-WAIT  java[1744]
  ///     2026-11-21 05:42:51.004Z  run         policy apply: found 646; refused: …; exit code 2
  func appendLine(_ layout: Table.Layout, _ zone: LogTime.Zone, to line: inout [UInt8]) {
    switch self {
    case .decision(let decision): decision.appendLine(layout, zone, to: &line)
    case .run(let run):
      let startWidth = line.appendStart(
        run.time, zone, RunRecord.event, run.exit == 0 ? .dim : .red, colors: layout.colors)
      let text = EscapedText.escaped(run.text)
      if let width = layout.width, startWidth + EscapedText.width(of: text.utf8) > width {
        while line.last == UInt8(ascii: " ") { line.removeLast() }
        return line.appendBelow(text, width)
      }
      line.append(contentsOf: text.utf8)
      line.append(UInt8(ascii: "\n"))
    }
  }
}

extension LogRecord.Decision {
  /// Below this width, both ends go on the next line. An IPv4 address with its port and another
  /// port fit in it.
  private static let minimumEndsWidth = 30

  fileprivate func appendLine(
    _ layout: Table.Layout, _ zone: LogTime.Zone, to line: inout [UInt8]
  ) {
    let startWidth = line.appendStart(entry.time, zone, result, style, colors: layout.colors)
    let state = entry.connection.state.label
    let text = [entry.ownerText, entry.origin, reason].compactMap { $0.map(EscapedText.escaped) }
      .joined(separator: "  ")
    var ends: [UInt8] = []
    EscapedText.append(entry.text(of: .local), to: &ends)
    ends.append(contentsOf: " → ".utf8)
    EscapedText.append(entry.text(of: .peer), to: &ends)
    let room = layout.width.map { $0 - startWidth - 2 - state.utf8.count } ?? 1 << 20
    if let width = layout.width, room < Self.minimumEndsWidth {
      while line.last == UInt8(ascii: " ") { line.removeLast() }
      return line.appendBelow(
        String(decoding: ends, as: UTF8.self) + "  \(state)  " + text, width)
    }
    let used = CellCut.bothEnds.cut(&ends, from: 0, to: room)
    line.append(contentsOf: ends)
    let padding = max(2, min(36 - used, room - used + 2))
    line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
    line.append(contentsOf: state.utf8)
    if let width = layout.width,
      startWidth + used + padding + 12 + EscapedText.width(of: text.utf8) > width
    {
      return line.appendBelow(text, width)
    }
    line.pad(state.utf8.count, to: 12)
    line.append(contentsOf: text.utf8)
    line.append(UInt8(ascii: "\n"))
  }

  private var style: Style {
    switch result {
    case "closed": .green
    case "gone", "spared": .dim
    default: .red
    }
  }
}

extension RunSummary.Line {
  /// Appends the line: `20:57:02Z  policy kafka  closed 41  kafka[45] → 10.0.0.1:9092`. A text that
  /// does not fit goes on lines of its own.
  func append(at clock: String, _ layout: Table.Layout, to line: inout [UInt8]) {
    var origin = Array(EscapedText.escaped(origin).utf8)
    let widest = layout.width.map { Swift.max($0 / 3, Self.originWidth) } ?? .max
    let originWidth = CellCut.end.cut(&origin, from: 0, to: widest)
    line.append(contentsOf: (clock + "  ").utf8)
    line.append(contentsOf: origin)
    line.pad(originWidth, to: Self.originWidth + 2)
    Style.append(style, isOn: layout.colors, to: &line) { $0.append(contentsOf: result.utf8) }
    let resultWidth = EscapedText.width(of: result.utf8)
    let start =
      clock.utf8.count + 2 + Swift.max(originWidth, Self.originWidth) + 2
      + Swift.max(resultWidth, Self.resultWidth) + 2
    let width = layout.width ?? .max
    if let whole = text(layout.width.map { $0 - start }, false),
      EscapedText.width(of: whole.utf8) <= width - start
    {
      line.pad(resultWidth, to: Self.resultWidth + 2)
      line.append(contentsOf: "\(whole)\n".utf8)
    } else if let whole = text(width - 4, true) {
      line.appendBelow(whole, width)
    }
  }

  /// The columns of an origin and a result, so that the lines of different runs line up.
  private static let (originWidth, resultWidth) = (22, 10)
}

extension [UInt8] {
  /// Appends the time and the result.
  ///
  /// - Returns: the columns that they take.
  fileprivate mutating func appendStart(
    _ time: LogTime, _ zone: LogTime.Zone, _ result: String, _ style: Style, colors: Bool
  ) -> Int {
    let time = time.fullText(in: zone)
    append(contentsOf: (time + "  ").utf8)
    Style.append(style, isOn: colors, to: &self) { EscapedText.append(result, to: &$0) }
    pad(result.utf8.count, to: 12)
    return time.utf8.count + 2 + Swift.max(12, result.utf8.count + 2)
  }

  /// Appends blanks behind a text of `width` columns, at least two.
  fileprivate mutating func pad(_ width: Int, to column: Int) {
    append(contentsOf: repeatElement(UInt8(ascii: " "), count: Swift.max(2, column - width)))
  }

  /// Ends the line, and appends `text` in lines of its own, broken between words.
  fileprivate mutating func appendBelow(_ text: String, _ width: Int) {
    append(UInt8(ascii: "\n"))
    for part in ScreenLine.wrapped(text, to: width - 4) {
      append(contentsOf: "    \(part.text)\n".utf8)
    }
  }
}
