import PresentationTestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The rules of WCAG 2.2 that can be checked on the page itself.
@Suite struct ReportAccessTests {
  private var pages: [Markup] {
    get throws {
      var recording = ReportScene.calm
      recording.place.host = nil
      recording.gaps = ["something is missing"]
      return try [ReportScene.calm, ReportScene.bad, recording].map {
        try Markup.page(ReportPage($0).bytes)
      }
    }
  }

  @Test func theDocumentHasALanguageAndATitle() throws {
    for page in try pages {
      #expect(page.attributes["lang"] == "en")
      #expect(page.all("title").first?.text.isEmpty == false)
      let metas = page.all("meta")
      #expect(metas.first?.attributes["charset"] == "utf-8", "before any text")
      #expect(
        metas.contains {
          $0.attributes["name"] == "viewport"
            && $0.attributes["content"] == "width=device-width, initial-scale=1"
        }, "zooming is allowed")
    }
  }

  @Test func headingsAreInOrder() throws {
    for page in try pages {
      let levels = page.all("h1", "h2", "h3", "h4").map { Int(String($0.name.dropFirst())) ?? 0 }
      #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
      for (before, after) in zip(levels, levels.dropFirst()) { #expect(after <= before + 1) }
    }
  }

  @Test func thereAreLandmarks() throws {
    for page in try pages {
      for name in ["header", "main", "footer"] { #expect(page.all(name).count == 1) }
      for section in page.all("section") {
        let heading = try #require(
          section.attributes["aria-labelledby"].flatMap(page.withID))
        #expect(heading.name == "h2" && !heading.text.isEmpty)
      }
    }
  }

  @Test func everyImageHasATitleAndADescriptionWithAllValues() throws {
    for page in try pages {
      for image in page.all("svg") {
        #expect(image.attributes["role"] == "img")
        let labels = (image.attributes["aria-labelledby"] ?? "").split(separator: " ")
        #expect(labels.count == 2)
        #expect(image.children.prefix(2).map(\.name) == ["title", "desc"])
        for (label, child) in zip(labels, image.children) {
          #expect(child.attributes["id"] == String(label) && !child.text.isEmpty)
        }
        let description = image.children[1].text
        for bar in image.all("g") {
          let title = try #require(bar.first("title")?.text)
          #expect(description.contains(title), "the description has every bar")
          #expect(
            bar.all("text").contains { title.hasSuffix(": \($0.text)") },
            "the bar has its value as text")
        }
      }
    }
    #expect(try pages[1].all("svg").count == 4, "this page has no idle times")
  }

  @Test func everyTableHasACaptionAndHeadings() throws {
    for page in try pages {
      for table in page.all("table") {
        #expect(table.children.first?.name == "caption")
        #expect(table.children.first?.text.isEmpty == false)
        let headings = try #require(table.first("thead")).all("th")
        #expect(headings.allSatisfy { $0.attributes["scope"] == "col" && !$0.text.isEmpty })
        for row in try #require(table.first("tbody")).children {
          #expect(row.children.count == headings.count)
          #expect(row.children[0].name == "th" && row.children[0].attributes["scope"] == "row")
          for (cell, heading) in zip(row.children.dropFirst(), headings.dropFirst()) {
            #expect(cell.name == "td" && !cell.text.isEmpty)
            #expect(
              cell.attributes["data-label"] == heading.text, "the label on a narrow screen")
          }
        }
      }
    }
  }

  @Test func everyIDIsUnique() throws {
    for page in try pages {
      let ids = page.descendants.compactMap { $0.attributes["id"] }
      #expect(Set(ids).count == ids.count)
    }
  }

  /// Each name precedes its value.
  @Test func descriptionListsArePairs() throws {
    for page in try pages {
      for list in page.all("dl") {
        let names = list.all("dt", "dd").map(\.name)
        #expect(names == names.indices.map { $0.isMultiple(of: 2) ? "dt" : "dd" })
      }
    }
  }
}

/// Colours have enough contrast with their background.
@Suite struct ReportStyleTests {
  /// The variables of each colour set: light, dark, print.
  private var sets: [[String: String]] {
    ReportStyle.sheet.description.split(
      separator: ":root {", omittingEmptySubsequences: false
    ).dropFirst().map { part in
      var set: [String: String] = [:]
      for line in part.prefix(while: { $0 != "}" }).split(separator: ";") {
        let words = line.split(separator: ":").map { String($0).trimmingBlanks }
        if words.count == 2, words[0].hasPrefix("--") { set[words[0]] = words[1] }
      }
      return set
    }
  }

  /// Relative luminance (WCAG 2.2).
  private func luminance(_ colour: String) throws -> Double {
    let number = try #require(Int(colour.dropFirst(), radix: 16))
    #expect(colour.utf8.count == 7)
    let parts = [number >> 16 & 255, number >> 8 & 255, number & 255].map { part in
      let share = Double(part) / 255
      guard share > 0.04045 else { return share / 12.92 }
      // To the power of 2.4 = 12/5, by the fifth root.
      let base = (share + 0.055) / 1.055
      var root = base
      for _ in 0..<60 {
        root -= (root * root * root * root * root - base) / (5 * root * root * root * root)
      }
      return (0..<12).reduce(1) { power, _ in power * root }
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }

  private func contrast(_ lhs: String, _ rhs: String) throws -> Double {
    let (a, b) = (try luminance(lhs), try luminance(rhs))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  @Test func theFormulaIsRight() throws {
    #expect(abs(try contrast("#000000", "#ffffff") - 21) < 0.001)
    #expect(abs(try contrast("#777777", "#ffffff") - 4.478) < 0.001)
  }

  @Test func thereAreThreeSetsOfTheSameNames() {
    #expect(sets.count == 3)
    #expect(sets.allSatisfy { Set($0.keys) == Set(sets[0].keys) && $0.count == 10 })
    #expect(sets[0] != sets[1], "dark differs from light")
  }

  @Test func everyTextHasEnoughContrast() throws {
    for set in sets {
      let behind = try ["--page", "--card"].map { try #require(set[$0]) }
      for name in ["--ink", "--soft", "--bar", "--bad", "--warn", "--good"] {
        let colour = try #require(set[name])
        for background in behind {
          #expect(try contrast(colour, background) >= 4.5, "\(name) \(colour) on \(background)")
        }
      }
      let track = try #require(set["--track"])
      for name in ["--bar", "--bad", "--warn", "--good"] {
        #expect(try contrast(#require(set[name]), track) >= 3, "\(name) on its track")
      }
    }
  }

  @Test func everyColourIsAVariable() {
    let sheet = ReportStyle.sheet.description
    let variables = sets.reduce(0) { $0 + $1.count }
    #expect(sheet.split(separator: "#").count - 1 == variables)
    for name in sheet.split(separator: "var(").dropFirst().map({ $0.prefix { $0 != ")" } }) {
      #expect(sets[0][String(name)] != nil, "\(name)")
    }
  }

  @Test func theSheetIsTheSameInHTMLAndXML() {
    #expect(!ReportStyle.sheet.description.contains { "<>&".contains($0) })
  }

  @Test func everyClassOfThePageIsStyled() throws {
    let page = try Markup.page(ReportPage(ReportScene.bad).bytes)
    let plain: Set = ["text", "known"]
    for name in Set(page.descendants.flatMap(\.classes)).subtracting(plain) {
      #expect(ReportStyle.sheet.description.contains(".\(name)"), "\(name)")
    }
  }
}
