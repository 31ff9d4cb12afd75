import PresentationTestSupport
import SystemPackage
import Testing

@testable import Rendering

@Suite struct TableTests {
  private func printed(
    _ rows: [[String]], columns: [Table.Column], layout: Table.Layout = Table.Layout(),
    style: Style? = nil
  ) throws -> String {
    let table = Table(
      columns: columns, rowCount: rows.count,
      cell: { row, column, text in text.append(contentsOf: rows[row][column].utf8) },
      style: { _, _ in style })
    return try printedText { try table.print(layout, to: &$0) }
  }

  private let columns = [
    Table.Column(title: "NAME", minimumWidth: 4), Table.Column(title: "N", alignment: .right),
    Table.Column(title: "NOTE", minimumWidth: 5),
  ]

  @Test func columnsAreAsWideAsTheirWidestCell() throws {
    #expect(
      try printed([["a", "1", "x"], ["long name", "1000", "y"]], columns: columns) == """
        NAME          N  NOTE
        a             1  x
        long name  1000  y

        """)
  }

  @Test func withoutAHeadingOnlyCellsDetermineTheWidths() throws {
    let layout = Table.Layout(showsHeader: false, indent: 2)
    #expect(try printed([["a", "1", "x"]], columns: columns, layout: layout) == "  a  1  x\n")
  }

  @Test func linesHaveNoTrailingSpaces() throws {
    #expect(
      try printed([["a", "1", ""]], columns: columns, layout: Table.Layout(showsHeader: false))
        == "a  1\n")
  }

  @Test func wideCharactersTakeTwoColumns() throws {
    let text = try printed([["日本", "1", "x"], ["abcd", "1", "y"]], columns: columns)
    #expect(text.contains("日本  1  x\n") && text.contains("abcd  1  y\n"))
  }

  @Test(arguments: 18..<40)
  func shrinkableColumnsAreCutToFit(width: Int) throws {
    let rows = [["a name of some length", "12", "and a note that is long too"]]
    let text = try printed(rows, columns: columns, layout: Table.Layout(width: width))
    for line in text.split(separator: "\n") { #expect(line.count <= width) }
    #expect(text.contains("12"), "a column that must not shrink stays whole")
    #expect(text.contains("…"))
  }

  @Test func theLastColumnShrinksFirst() throws {
    let rows = [["a name of some length", "12", "and a note that is long too"]]
    let text = try printed(rows, columns: columns, layout: Table.Layout(width: 35))
    #expect(text.contains("a name of some length 12 and a not…\n"))
  }

  @Test func theGapShrinksBeforeAnyText() throws {
    let rows = [["name", "12", "note"]]
    func text(_ width: Int) throws -> String {
      try printed(rows, columns: columns, layout: Table.Layout(showsHeader: false, width: width))
    }
    #expect(try text(14) == "name  12  note\n")
    #expect(try text(13) == "name 12 note\n" && text(12) == "name 12 note\n")
  }

  @Test(arguments: [(80, false), (14, false), (13, false), (12, true)])
  func reportsWhetherItIsTooWide(width: Int, isTooWide: Bool) {
    let rows = [["a long name", "12", "a long note"]]
    let table = Table(
      columns: columns, rowCount: 1,
      cell: { row, column, text in text.append(contentsOf: rows[row][column].utf8) })
    // Minimum widths of 4, 2 and 5, plus two gaps of 1.
    let natural = table.naturalWidths(for: Table.Layout())
    #expect(table.isTooWide(natural, for: Table.Layout(width: width)) == isTooWide)
    #expect(!table.isTooWide(natural, for: Table.Layout()))
  }

  private func table(_ widths: [Int]) -> Table {
    Table(
      columns: [
        Table.Column(title: "NAME", minimumWidth: 4), Table.Column(title: "N", alignment: .right),
      ], rowCount: widths.count,
      cell: { row, column, text in
        text.append(
          contentsOf: repeatElement(UInt8(ascii: "x"), count: column == 0 ? widths[row] : 1))
      })
  }

  /// One unusually wide row does not widen its column.
  @Test(
    arguments: [
      ([10, 10, 10, 40], 10), ([10, 10, 40], 40), ([10, 10, 10, 17], 17), ([10, 10, 10, 18], 10),
      ([40, 40, 10, 10], 40), ([10, 30, 40, 10], 30), ([2, 2, 2, 40], 4), ([300, 10, 10, 10], 10),
    ] as [([Int], Int)])
  func wideCellsAreUnusualIfTheyAreFewAndMuchWider(widths: [Int], typical: Int) {
    let measured = table(widths).measuredWidths(for: Table.Layout())
    #expect(measured.widest == [widths.max(), 1])
    #expect(measured.typical == [typical, 1])
  }

  @Test func ofManyRowsOneInTwentyMayBeUnusual() {
    let layout = Table.Layout(width: 80)
    let few = table((0..<10_000).map { $0 % 20 == 0 ? 60 : 10 })
    #expect(few.measuredWidths(for: layout).typical[0] == 10)
    let many = table((0..<10_000).map { $0 % 19 == 0 ? 60 : 10 })
    #expect(many.measuredWidths(for: layout).typical[0] == 60)
  }

  @Test func unusuallyWideCellsAreCutFirstOnATerminal() throws {
    func lines(_ width: Int?) throws -> [Substring] {
      try printedText { try table([10, 10, 10, 40]).print(Table.Layout(width: width), to: &$0) }
        .split(separator: "\n")
    }
    let wide = try lines(60)
    #expect(wide[4] == String(repeating: "x", count: 40) + "  x", "there is room for all of it")
    let narrow = try lines(30)
    #expect(narrow[4].hasSuffix("…  x") && narrow[4].count == 30)
    #expect(narrow[1].hasPrefix("xxxxxxxxxx  ") && narrow[1].hasSuffix("  x"))
    let pipe = try lines(nil)
    #expect(pipe[1] == "xxxxxxxxxx  x", "the column is as wide as usual")
    #expect(pipe[4] == String(repeating: "x", count: 40) + "  x", "and the wide row is whole")
  }

  @Test func coloursDoNotCountAsWidth() throws {
    let layout = Table.Layout(showsHeader: false, colors: true)
    #expect(
      try printed([["a", "1", "x"]], columns: columns, layout: layout, style: .yellow)
        == "\u{1b}[33ma\u{1b}[0m  \u{1b}[33m1\u{1b}[0m  \u{1b}[33mx\u{1b}[0m\n")
  }
}

@Suite struct TerminalTests {
  /// `COLUMNS` gives a pipe a width; nothing else does.
  @Test(
    arguments: [
      (nil, nil), ("", nil), ("0", nil), ("-1", nil), ("wide", nil), ("100", 100), ("3", 40),
    ] as [(String?, Int?)])
  func aPipeHasTheWidthOfCOLUMNS(columns: String?, width: Int?) throws {
    let pipe = try FileDescriptor.pipe()
    defer { for end in [pipe.readEnd, pipe.writeEnd] { try? end.close() } }
    let terminal = Terminal.of(pipe.writeEnd, columns: columns)
    #expect(terminal == Terminal(isTerminal: false, width: width))
  }
}

@Suite struct OutputStreamTests {
  @Test func aFailedWriteIsAnError() throws {
    let full = try FileDescriptor.open("/dev/full", .writeOnly)
    defer { try? full.close() }
    var stream = OutputStream(full)
    try stream.write("waits in the buffer")
    #expect(throws: OutputProblem(errno: .noSpace)) { try stream.flush() }
  }

  @Test func colourDependsOnFlagEnvironmentAndTerminal() {
    let terminal = Terminal(isTerminal: true, width: 80)
    let pipe = Terminal(isTerminal: false, width: nil)
    func environment(_ values: [String: String]) -> Environment { Environment { values[$0] } }
    #expect(ColorChoice.auto.isOn(for: terminal, environment: environment([:])))
    #expect(!ColorChoice.auto.isOn(for: pipe, environment: environment([:])))
    #expect(!ColorChoice.auto.isOn(for: terminal, environment: environment(["NO_COLOR": "1"])))
    #expect(ColorChoice.auto.isOn(for: terminal, environment: environment(["NO_COLOR": ""])))
    #expect(!ColorChoice.auto.isOn(for: terminal, environment: environment(["TERM": "dumb"])))
    #expect(ColorChoice.always.isOn(for: pipe, environment: environment(["NO_COLOR": "1"])))
    #expect(!ColorChoice.never.isOn(for: terminal, environment: environment([:])))
  }

  /// The flag, then NO_COLOR, then the variables that force colours, then the terminal.
  @Test(arguments: ["FORCE_COLOR", "CLICOLOR_FORCE"])
  func colourCanBeForcedByTheEnvironment(variable: String) {
    let pipe = Terminal(isTerminal: false, width: nil)
    func isOn(_ choice: ColorChoice, _ values: [String: String]) -> Bool {
      choice.isOn(for: pipe, environment: Environment { values[$0] })
    }
    #expect(isOn(.auto, [variable: "1"]) && isOn(.auto, [variable: "true", "TERM": "dumb"]))
    #expect(!isOn(.auto, [variable: ""]) && !isOn(.auto, [variable: "0"]))
    #expect(!isOn(.auto, [variable: "1", "NO_COLOR": "1"]))
    #expect(isOn(.auto, [variable: "1", "NO_COLOR": ""]))
    #expect(!isOn(.never, [variable: "1"]))
  }
}
