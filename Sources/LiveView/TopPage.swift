import Connections
import Operations
import Presentation
import Reaping
import Rendering
import Reports
import Scanning
package import Screens

/// A full-screen page: help, details, a plan with its question, or outcomes.
package struct TopPage {
  package let model: TopModel

  /// The first line of the screen.
  package var title: ScreenLine {
    let text: String
    switch model.mode {
    case .help: text = "Keys of connreap top"
    case .details(let connection, let scan, let isGone):
      text =
        "\(scan.text.end(.local, of: connection)) → \(scan.text.end(.peer, of: connection))"
        + (isGone ? " (gone)" : "")
    case .planning: text = "Close"
    case .question(let plan, _): text = plan.closings.isEmpty ? "Nothing to close" : "Close"
    case .closing: text = "Closing"
    case .outcomes: text = "Result"
    case .table, .filter, .menu: text = ""
    }
    return ScreenLine(" " + text, ScreenLook(nil, .bold)).fitted(to: model.size.width).bar
  }

  /// Whether the page asks a question.
  package var asks: Bool { model.asks }

  /// The last line of the screen.
  package func footer(isCut: Bool) -> ScreenLine {
    var line: ScreenLine
    switch model.mode {
    case .question(let plan, _) where !plan.closings.isEmpty:
      if let number = model.numberToType { return typing(number) }
      let note = model.isAnswerIgnored ? "Press y alone. " : isCut ? "(↑↓ scroll) " : ""
      return ScreenLine(note + plan.question, ScreenLook(nil, .bold))
    case .question, .outcomes: line = TopKeys.line([("any key", "back")])
    case .planning: line = TopKeys.line([("Esc", "back")])
    case .closing: line = ScreenLine()
    case .details: line = TopKeys.line([("Esc", "back"), ("k", "close"), ("c", "copy")])
    case .help, .table, .filter, .menu: line = TopKeys.line([("Esc", "back")])
    }
    if isCut {
      line.append(" ")
      for span in TopKeys.line([("↑↓", "scroll")]).spans { line.append(span.text, span.look) }
    }
    return line
  }

  /// The question for a number, with what has been typed.
  private func typing(_ number: Int) -> ScreenLine {
    let note = model.isAnswerIgnored ? "Type it by hand. " : ""
    var line = ScreenLine(
      "\(note)More than --max \(Count.text(model.maximum)): type \(number) to close them: ",
      ScreenLook(nil, .bold))
    line.append(model.typedNumber.text, ScreenLook(.cyan, .bold))
    return line
  }

  /// The lines between title and footer, wrapped to `width` columns.
  package func lines(width: Int) -> [ScreenLine] {
    switch model.mode {
    case .table, .filter, .menu: []
    case .help: TopHelp.lines(width: width)
    case .details(let connection, let scan, _):
      TopDetails(connection: connection, scan: scan, rates: model.rates).lines(width: width)
    case .planning: [ScreenLine(), ScreenLine("rereading connections")]
    case .closing(let plan):
      [
        ScreenLine(),
        ScreenLine(
          "closing \(Count.text(plan.closings.count)) connection\(Count.plural(plan.closings.count))"
        ),
      ]
    case .question(let plan, let text): Self.lines(of: plan, text, width: width)
    case .outcomes(let outcomes): Self.lines(of: outcomes, width: width)
    }
  }

  private static func lines(
    of plan: Plan, _ text: ConnectionText, width: Int
  ) -> [ScreenLine] {
    let heading =
      plan.closings.isEmpty ? plan.nothingToClose : plan.heading("will be \(plan.verb)")
    return ScreenLine.wrapped(heading, to: width)
      + table(PlanText.lines(of: plan), text, width: width)
  }

  private static func lines(of outcomes: TopOutcomes, width: Int) -> [ScreenLine] {
    var lines: [ScreenLine] = []
    if let text = outcomes.text, !outcomes.outcomes.isEmpty {
      let plan = PlanText(text: text)
      lines += table(PlanText.lines(of: outcomes.outcomes), text, width: width)
      for paragraph in plan.summary(of: outcomes.outcomes).split(separator: "\n") {
        lines += ScreenLine.wrapped(String(paragraph), to: width)
      }
      for line in OwnerReactionText.lines(of: outcomes.reactions) {
        lines += ScreenLine.wrapped(line, to: width)
      }
    }
    guard let failure = outcomes.failure, let message = failure.message else { return lines }
    lines += ScreenLine.wrapped(message, to: width, ScreenLook(.red))
    for paragraph in (failure.remedy ?? "").split(separator: "\n") {
      lines += ScreenLine.wrapped(String(paragraph), to: width)
    }
    return lines
  }

  private static func table(
    _ lines: [PlanText.Line], _ text: ConnectionText, width: Int
  ) -> [ScreenLine] {
    let table = PlanText(text: text).table(of: lines)
    let layout = Table.Layout(showsHeader: false, width: width, indent: width >= 60 ? 2 : 0)
    let widths = table.fit(table.naturalWidths(for: layout), into: layout)
    return table.lines(0..<lines.count, widths: widths, layout).lines
  }
}
