import PresentationTestSupport
import Testing

@testable import Rendering

/// Texts behind labels, with details behind or below them.
@Suite struct LabelledTextTests {
  private let rows = [
    LabelledText(
      label: "java[1744]", text: "45 of 50 will be closed", details: "oldest ≥ 2d03h, to 10.0.0.1"),
    LabelledText(label: "nginx[8]", text: "7 left open", details: "in ESTAB"),
    LabelledText(label: "", text: "3 spared: protected by port: 22"),
  ]

  private func printed(_ rows: [LabelledText], width: Int?, colors: Bool = false) throws -> String {
    try printedText { stream in
      try stream.write(rows, Table.Layout(width: width, colors: colors))
    }
  }

  @Test func detailsLineUpIfThereIsRoom() throws {
    for width in [nil, 80] {
      #expect(
        try printed(rows, width: width) == """
            java[1744]  45 of 50 will be closed  oldest ≥ 2d03h, to 10.0.0.1
            nginx[8]    7 left open              in ESTAB
                        3 spared: protected by port: 22

          """)
    }
  }

  @Test func otherwiseTheyGoBelow() throws {
    #expect(
      try printed(rows, width: 50) == """
          java[1744]  45 of 50 will be closed
                      oldest ≥ 2d03h, to 10.0.0.1
          nginx[8]    7 left open              in ESTAB
                      3 spared: protected by port: 22

        """)
  }

  @Test func withoutLabelsThereIsNoColumnForThem() throws {
    #expect(try printed([rows[2]], width: 80) == "  3 spared: protected by port: 22\n")
    #expect(try printed([], width: 80).isEmpty)
  }

  @Test(arguments: 24..<120) func everyLineFits(width: Int) throws {
    let long = LabelledText(
      label: "a-program-with-a-long-name[123456] in a-namespace",
      text: "1,045 of 1,050 will be closed (threshold 10, newest 5 kept)",
      details: "in CLOSE-WAIT for ≥ 1m, oldest ≥ 2d03h, most to 10.0.0.20")
    let text = try printed(rows + [long], width: width)
    for line in text.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("(threshold 10, newest 5 kept)"))
    #expect(words.contains("[123456]"), "a pid is never cut")
  }

  @Test func onlyTheTextIsColoured() throws {
    let row = LabelledText(label: "a", text: "b", details: "c", style: .red)
    #expect(try printed([row], width: nil, colors: true) == "  a  \u{1b}[31mb  c\u{1b}[0m\n")
  }
}
