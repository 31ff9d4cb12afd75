import ArgumentParser
import PolicyEngine

extension PolicyAction: WordChoice {}
extension GroupingWord: WordChoice {}

/// The options of `policy new` for the keys beside `match`.
struct PolicyKeyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("how to group connections before counting them", valueName: "key"))
  var groupBy: GroupingWord?

  @Option(
    help: ArgumentHelp(
      "act only on groups of at least this many (default: 10)", valueName: "n"),
    transform: WholeNumber.read)
  var threshold: Int?

  @Option(
    help: ArgumentHelp(
      "leave the newest n connections of a group open (default: 0)", valueName: "n"),
    transform: WholeNumber.read)
  var keep: Int?

  @Option(help: ArgumentHelp("what to do with the connections", valueName: "action"))
  var action: PolicyAction?

  @Option(
    help: ArgumentHelp(
      "do nothing if a run finds more than this (default: 500)", valueName: "n"),
    transform: WholeNumber.read)
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "the same, as a percentage of all connections of the group's owner", valueName: "n"),
    transform: WholeNumber.read)
  var limitPercent: Int?

  @Option(
    help: ArgumentHelp("close at most this many per second", valueName: "n"),
    transform: WholeNumber.read)
  var rate: Int?

  @Option(
    help: ArgumentHelp(
      "only connections that this many consecutive runs have flagged", valueName: "n"),
    transform: WholeNumber.read)
  var seen: Int?

  @Option(
    help: ArgumentHelp(
      "only report a leak that comes back in this many consecutive runs", valueName: "n"),
    transform: WholeNumber.read)
  var giveUpAfter: Int?

  func validate() throws {
    let numbers = [
      ("--threshold", threshold, 1), ("--keep", keep, 0), ("--limit", limit, 1),
      ("--limit-percent", limitPercent, 1), ("--rate", rate, 1), ("--seen", seen, 1),
      ("--give-up-after", giveUpAfter, 1),
    ]
    for case (let option, let number?, let least) in numbers where number < least {
      throw ValidationError("\(option) must be at least \(least)")
    }
    if let limitPercent, limitPercent > 100 {
      throw ValidationError("--limit-percent must be at most 100")
    }
  }

  /// `draft` with the given options, except the action, in place of its own values.
  func applied(to draft: PolicyDraft) -> PolicyDraft {
    var draft = draft
    if let groupBy { draft.groupBy = groupBy }
    if let threshold { draft.threshold = threshold }
    if let keep { draft.keep = keep }
    if let limit { draft.limit = limit }
    draft.limitPercent = limitPercent
    draft.rate = rate
    draft.seen = seen
    draft.giveUpAfter = giveUpAfter
    return draft
  }
}
