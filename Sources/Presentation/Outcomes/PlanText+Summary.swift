import Connections
package import Reaping
package import Rendering

// Large plans and outcomes in few lines.
extension PlanText {
  /// The number of connections that are listed one by one. More are summarized.
  static let maximumListed = 20
  /// The number of programs of a summary; the rest are only counted.
  static let maximumPrograms = 10
  /// The number of reasons of a summary; the rest are only counted.
  static let maximumReasonsOfSummary = 5

  /// Prints the connections of `plan`, spared ones last.
  ///
  /// - Parameter listsAll: whether to list every connection of a large plan (`-v`).
  package func print(
    _ plan: Plan, listsAll: Bool, layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    let closings = plan.closings
    let spared = Self.lines(of: plan.steps.filter { $0.decision != .close })
    var listed: [Line] = []
    if listsAll || closings.count <= Self.maximumListed {
      listed = Self.lines(of: closings)
    } else {
      try printPrograms(of: closings.map(\.connection), layout: layout, to: &output)
      try output.writeParagraphs("-v lists every connection", width: layout.width, indent: 2)
    }
    try print(listed, then: spared, listsAll: listsAll, layout: layout, to: &output)
  }

  /// Prints `outcomes`, closed connections first.
  ///
  /// - Parameter listsAll: whether to list all of many.
  package func print(
    outcomes: [Outcome], listsAll: Bool, layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    let closed = outcomes.filter { $0.result == .closed }
    let others = outcomes.filter { $0.result != .closed }
    var listed: [Line] = []
    if listsAll || closed.count <= Self.maximumListed {
      listed = Self.lines(of: closed)
    } else {
      try printPrograms(of: closed.map(\.step.connection), layout: layout, to: &output)
    }
    try print(
      listed, then: Self.lines(of: others), listsAll: listsAll, layout: layout, to: &output)
  }

  private func print(
    _ lines: [Line], then others: [Line], listsAll: Bool, layout: Table.Layout,
    to output: inout OutputStream
  ) throws(OutputProblem) {
    let areListed = listsAll || others.count <= Self.maximumListed
    try print(areListed ? lines + others : lines, layout: layout, to: &output)
    if !areListed { try printReasons(of: others, layout: layout, to: &output) }
  }

  /// Prints the programs of `connections`, and what these lead to.
  private func printPrograms(
    of connections: [Connection], layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    let programs = ProgramSummary.summaries(of: connections, in: text.snapshot)
    let shown = programs.prefix(Self.maximumPrograms)
    let widest = layout.width.map { $0 / 3 } ?? .max
    let labels = shown.map { program in
      var label = Array(program.label.utf8)
      let width = CellCut.owner.cut(&label, from: 0, to: widest)
      return (text: String(decoding: label, as: UTF8.self), width: width)
    }
    let labelWidth = labels.map(\.width).max() ?? 0
    let countWidth = shown.map { Count.text($0.count).utf8.count }.max() ?? 0
    let start = 2 + labelWidth + 2 + countWidth + 1
    let timesWidth = shown.map { EscapedText.width(of: $0.timesText.utf8) }.max() ?? 0
    // On a narrow terminal, the ends are worth more than the times.
    let showsTimes =
      layout.width.map { $0 - start - 2 - timesWidth >= Self.minimumEndsWidth } ?? true
    let room = layout.width.map { $0 - start - (showsTimes ? 2 + timesWidth : 0) }
    let ends = shown.map { $0.ends(in: room, text.names) }
    let endsWidth = ends.map { EscapedText.width(of: $0.utf8) }.max() ?? 0
    for (index, program) in shown.enumerated() {
      let (label, count) = (labels[index], Count.text(program.count))
      var line = "  \(label.text)" + Self.spaces(labelWidth - label.width + 2)
      line += Self.spaces(countWidth - count.utf8.count) + count + " " + ends[index]
      if showsTimes, !program.timesText.isEmpty {
        line += Self.spaces(endsWidth - EscapedText.width(of: ends[index].utf8) + 2)
        line += program.timesText
      }
      try output.write(line + "\n")
    }
    let rest = programs.dropFirst(Self.maximumPrograms)
    guard !rest.isEmpty else { return }
    let count = Count.text(rest.reduce(0) { $0 + $1.count })
    try output.write(
      "  … \(Count.text(rest.count)) more program\(Count.plural(rest.count)), \(count) connections\n"
    )
  }

  /// The columns in which a peer is still recognizable.
  private static let minimumEndsWidth = 24

  private static func spaces(_ count: Int) -> String {
    String(repeating: " ", count: max(0, count))
  }

  /// Prints how many of `lines` have which outcome, and why.
  private func printReasons(
    of lines: [Line], layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    var counts: [Reason: Int] = [:]
    for line in lines { counts[Reason(word: line.word, text: line.reason), default: 0] += 1 }
    let sorted = counts.sorted { lhs, rhs in
      lhs.value == rhs.value
        ? (lhs.key.word, lhs.key.text ?? "") < (rhs.key.word, rhs.key.text ?? "")
        : lhs.value > rhs.value
    }
    for (reason, count) in sorted.prefix(Self.maximumReasonsOfSummary) {
      let text = reason.text.map { ": " + EscapedText.escaped($0) } ?? ""
      try output.writeParagraphs(
        "\(reason.word) \(Count.text(count))\(text)", width: layout.width, indent: 2,
        in: layout.colors ? .dim : nil)
    }
    let rest = sorted.dropFirst(Self.maximumReasonsOfSummary).reduce(0) { $0 + $1.value }
    guard rest > 0 else { return }
    try output.write("  \(Count.text(rest)) for other reasons\n")
  }

  private struct Reason: Hashable {
    let word: String
    let text: String?
  }
}
