import ArgumentParser
import PresentationTestSupport
import Testing

@testable import ConnreapCommands
@testable import Operations
@testable import Rendering

/// The formats of `-o` follow from the functions that print them.
@Suite struct OutputOptionsTests {
  private struct Content: Printable {
    static let printers = Printers<Content>(
      table: { _, _, stream in try stream.write("table") },
      csv: { _, layout, stream in try stream.write(layout.showsHeader ? "heading" : "rows") })
  }

  private func printed(_ format: OutputFormat, showsHeader: Bool = true) throws -> String {
    try printedText {
      try Content.printers[format](Content(), Table.Layout(showsHeader: showsHeader), &$0)
    }
  }

  @Test func onlyFormatsWithAFunctionAreSupported() {
    #expect(Content.printers.formats == [.table, .csv])
    #expect(TextOrJSON.printers.formats == [.table, .json])
  }

  @Test func theFormatSelectsTheFunction() throws {
    #expect(try printed(.table) == "table")
    #expect(try printed(.csv) == "heading")
    #expect(try printed(.csv, showsHeader: false) == "rows")
  }

  @Test func supportedFormatsAreAccepted() throws {
    #expect(try OutputOptions<Content>.parse([]).format == .table)
    #expect(try OutputOptions<Content>.parse(["-o", "csv"]).format == .csv)
  }

  @Test(arguments: ["json", "jsonl", "wide", "CSV", ""])
  func otherFormatsAreRejected(format: String) {
    let failure = #expect(throws: (any Error).self) {
      try OutputOptions<Content>.parse(["-o", format])
    }
    let message = failure.map { OutputOptions<Content>.message(for: $0) } ?? ""
    let remedy = UsageMessage(message, for: CommandPath([])).failure.remedy
    #expect(remedy == "the formats are table, csv")
  }

  @Test func helpListsTheSupportedFormats() {
    #expect(OutputOptions<Content>.helpMessage().contains("(values: table, csv; default: table)"))
  }
}
