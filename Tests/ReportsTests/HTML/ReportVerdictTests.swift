import PresentationTestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The summary of a report.
@Suite struct ReportVerdictTests {
  private func verdict(_ change: (inout ReportContents) -> Void) -> ReportVerdict {
    var contents = ReportScene.calm
    change(&contents)
    return ReportVerdict(contents)
  }

  @Test func aHealthyMachineIsGood() {
    let verdict = verdict { _ in }
    #expect(verdict.severity == .good && verdict.others.isEmpty)
    #expect(verdict.headline == "No leaks and no full accept queues.")
  }

  @Test func aLeakIsAProblem() {
    let one = verdict { $0.leaks.processes = [ReportScene.process("java[1]", leaked: 1)] }
    #expect(one.severity == .bad)
    #expect(one.headline == "1 process leaks: java[1] has 1 leaked connection.")
    let unknown = verdict { $0.leaks.leakedByUnknown = 2 }
    #expect(unknown.headline == "2 leaked connections; their processes are unknown.")
    #expect(unknown.severity == .bad)
    let young = verdict {
      $0.leaks.processes = [ReportScene.process("java[1]", leaked: 0, closeWait: 9)]
    }
    #expect(young.severity == .good, "a short CLOSE-WAIT is no leak")
  }

  @Test func aNameCannotBreakTheLine() {
    let verdict = verdict {
      $0.leaks.processes = [ReportScene.process("a\n\u{202e}[1]", leaked: 3)]
    }
    #expect(verdict.headline.contains(#"a\x0a\u{202e}[1]"#))
  }

  @Test func aFullQueueIsAProblem() {
    let one = verdict { $0.queues = .read([ReportScene.queue(waiting: 129)]) }
    #expect(one.severity == .bad)
    #expect(one.headline == "1 accept queue is full: *:8080 is dropping connections.")
    let two = verdict {
      $0.queues = .read([
        ReportScene.queue(waiting: 200), ReportScene.queue("*:1", waiting: 129),
      ])
    }
    #expect(
      two.headline == "2 accept queues are full and dropping connections; the fullest is *:8080.")
    let nearly = verdict { $0.queues = .read([ReportScene.queue(waiting: 128)]) }
    #expect(nearly.severity == .good, "the queue holds one more than the backlog")
  }

  @Test func machineHealthFollows() {
    let problem = verdict { $0.findings = .read(ReportScene.checks) }
    #expect(problem.severity == .bad)
    #expect(problem.headline.hasPrefix("No leaks"))
    #expect(problem.others == ["Machine health: 1 problem and 1 warning, listed below."])
    let warning = verdict { $0.findings = .read([ReportScene.checks[2]]) }
    #expect(warning.severity == .warning)
    #expect(warning.others == ["Machine health: 1 warning, listed below."])
  }

  @Test func unknownIsNotGood() {
    let gaps = verdict { $0.gaps = ["34 processes could not be read"] }
    #expect(gaps.severity == .warning)
    #expect(gaps.headline.hasSuffix(", as far as could be read."))
    let queues = verdict { $0.queues = .unknown("x") }
    #expect(queues.severity == .warning)
    #expect(!queues.headline.contains("accept queue"))
    #expect(queues.others.contains { $0.contains("Accept queues unknown") })
    let undecided = verdict { $0.leaks.undecided = 3 }
    #expect(
      undecided.severity == .warning && undecided.headline.contains("as far as could be read"))
  }

  @Test func idleConnectionsAreNoProblem() {
    let verdict = verdict {
      $0.leaks.processes = [ReportScene.process("a[1]", leaked: 0, longIdle: 1)]
    }
    #expect(verdict.severity == .good)
    #expect(verdict.others == ["1 connection has been idle for at least 1h."])
  }
}

@Suite struct ReportChartTests {
  private func image(
    _ bars: [ReportChart.Bar], columns: Bool = false
  ) throws -> Markup {
    var page = HTMLText()
    page.documentType()
    let chart = ReportChart(id: "x", title: "t", bars: bars)
    if columns { chart.writeColumns(to: &page) } else { chart.writeRows(to: &page) }
    return try Markup.page(page.bytes)
  }

  private func bar(_ value: Int, _ label: String = "a", full: Int? = nil) -> ReportChart.Bar {
    ReportChart.Bar(label: label, value: value, text: "\(value)", full: full)
  }

  private func widths(_ image: Markup) -> [String?] {
    image.all("rect").filter { $0.classes.contains("bar") }.map { $0.attributes["width"] }
  }

  @Test func barsAreInProportionAndFitAnyWidth() throws {
    let image = try image([bar(200), bar(100), bar(1), bar(0)])
    #expect(widths(image) == ["100.00%", "50.00%", "0.50%"], "a small value is visible")
    #expect(image.attributes["width"] == "100%" && image.attributes["viewBox"] == nil)
    #expect(image.attributes["height"] == "152")
  }

  @Test func aLimitIsTheWholeWidth() throws {
    #expect(widths(try image([bar(64, full: 128)])) == ["50.00%"])
    #expect(
      widths(try image([bar(129, full: 128), bar(.max, full: 1)])) == ["100.00%", "100.00%"])
  }

  @Test func columnsGrowFromTheBase() throws {
    let image = try image([bar(10), bar(5), bar(0)], columns: true)
    let columns = image.all("rect")
    #expect(columns.map { $0.attributes["height"] } == ["120", "60", "0"])
    for column in columns {
      let (y, height) = (column.attributes["y"], column.attributes["height"])
      #expect((Int(y ?? "") ?? 0) + (Int(height ?? "") ?? 0) == 142)
    }
    #expect(image.all("text").count == 6, "each has its value and its label")
  }

  @Test func emptyChartsHaveAnImage() throws {
    #expect(try image([]).attributes["height"] == "0")
    #expect(try image([bar(0)], columns: true).all("rect").count == 1)
  }

  @Test func aLongNameIsCutInTheImageAndWholeInItsTitle() throws {
    let name = String(repeating: "n", count: 60)
    let image = try image([bar(1, name)])
    #expect(image.all("text")[0].text == String(repeating: "n", count: 25) + "…")
    #expect(image.first("g")?.first("title")?.text == "\(name): 1")
  }
}
