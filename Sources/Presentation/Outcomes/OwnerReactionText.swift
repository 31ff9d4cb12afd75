import Connections
package import Reaping
package import Rendering

/// How the owners of closed connections reacted, as text.
package enum OwnerReactionText {
  /// The maximum number of processes listed; the rest are only counted.
  static let maximumProcesses = 10

  /// One line per process: possibly spinning ones first, then those with the most dead descriptors.
  package static func lines(of reactions: [OwnerReaction]) -> [String] {
    let holding = reactions.filter { $0.deadDescriptors ?? 0 > 0 }
      .sorted { $0.deadDescriptors ?? 0 > $1.deadDescriptors ?? 0 }
    let unknown = reactions.filter { $0.deadDescriptors == nil }
    return warnings(of: reactions)
      + holding.prefix(maximumProcesses).map(holdingLine)
      + rest(
        of: holding.count, "more process",
        "with dead descriptors, \(Count.text(deadDescriptors(holding.dropFirst(maximumProcesses))))"
          + " in total") + unknownLine(unknown)
  }

  /// Warnings about processes that may be spinning.
  package static func warnings(of reactions: [OwnerReaction]) -> [String] {
    let spinning = reactions.filter(\.isSpinning)
    return spinning.prefix(maximumProcesses).map(spinningLine)
      + rest(of: spinning.count, "more process", "may be spinning")
  }

  /// `java[1744] still holds 3 dead descriptors; only the program can free them.`
  private static func holdingLine(_ reaction: OwnerReaction) -> String {
    let count = reaction.deadDescriptors ?? 0
    let label = EscapedText.escaped(reaction.process.label)
    return "\(label) still holds \(Count.text(count)) dead descriptor"
      + "\(Count.plural(count)); only the program can free \(count == 1 ? "it" : "them")."
  }

  /// `app[2210] may be spinning on a closed connection: 55 % CPU since then, 2 % before.`
  private static func spinningLine(_ reaction: OwnerReaction) -> String {
    let load = reaction.load.map {
      ": \(percent($0.after)) % CPU since then, \(percent($0.before)) % before"
    }
    let label = EscapedText.escaped(reaction.process.label)
    return "warning: \(label) may be spinning on a closed connection"
      + "\(load ?? ""). If this continues, restart it."
  }

  private static func unknownLine(_ reactions: [OwnerReaction]) -> [String] {
    guard let first = reactions.first else { return [] }
    let others = reactions.count - 1
    let more =
      others > 0
      ? " and \(Count.text(others)) more process\(others == 1 ? "" : "es")" : ""
    return [
      "Could not read the descriptors of \(EscapedText.escaped(first.process.label))\(more) after "
        + "closing: dead ones may remain."
    ]
  }

  private static func rest(of count: Int, _ noun: String, _ remark: String) -> [String] {
    let rest = count - maximumProcesses
    guard rest > 0 else { return [] }
    return ["\(Count.text(rest)) \(noun)\(rest == 1 ? "" : "es") \(remark)."]
  }

  private static func deadDescriptors(_ reactions: some Sequence<OwnerReaction>) -> Int {
    reactions.reduce(0) { $0 + ($1.deadDescriptors ?? 0) }
  }

  /// A share of one processor as a percentage.
  package static func percent(_ share: Double) -> Int { Int((share * 100).rounded()) }

  /// Writes the reactions as an array, `owners_after`.
  package static func write(_ reactions: [OwnerReaction], to json: inout JSONWriter) {
    json.array("owners_after") { json in
      for reaction in reactions { write(reaction, to: &json) }
    }
  }

  /// Writes one reaction, without unknown values.
  package static func write(_ reaction: OwnerReaction, to json: inout JSONWriter) {
    json.openObject()
    json.member("pid", UInt32(bitPattern: reaction.process.pid))
    json.member("name", reaction.process.name)
    json.member("dead_descriptors", reaction.deadDescriptors.map { UInt64($0) })
    if let load = reaction.load {
      json.member("cpu_percent_before", percent(load.before))
      json.member("cpu_percent_after", percent(load.after))
      json.member("spinning", reaction.isSpinning)
    }
    json.closeObject()
  }
}
