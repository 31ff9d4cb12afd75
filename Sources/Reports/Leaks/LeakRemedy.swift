import Connections
import Operations
import PolicyEngine
package import Presentation
import ProcessTable
package import Scanning
import Selection

/// The commands that close the leaked connections of a group now, and that keep them closed.
package struct LeakRemedy: Equatable {
  /// The command that closes them now.
  package let kill: String
  /// The command that prints a policy for them.
  package let policy: String
  /// The name of that policy, `orders-jar-leak`.
  package let policyName: String

  /// The commands for `group`, which `rule` found in `snapshot`; nil if it has no leaked
  /// connections, or if no option selects it.
  package init?(for group: LeakGroup, rule: LeakRule, in snapshot: Snapshot) {
    guard group.leaked > 0, var words = Self.selection(of: group, in: snapshot) else { return nil }
    // An idle connection and one in CLOSE-WAIT differ in state and time: the larger part first.
    if group.leakedIdle * 2 > group.leaked, let idle = rule.idle {
      words += ["--state", "established", "--idle", DurationText.exact(milliseconds: idle)]
    } else {
      let time = DurationText.exact(milliseconds: rule.leakedAfter)
      words += ["--state", "close-wait", "--idle", time, "--in-state", time]
    }
    let maximum = Self.maximum(for: group)
    let limit = maximum > Policy.defaultLimit ? ["--max", "\(maximum)"] : []
    kill = CommandLineWords.shell(["connreap", "kill"] + words + limit)
    policyName = Self.policyName(for: group.label)
    // A run over its limit does nothing, and the policy must clean up what is there.
    let policyLimit = maximum > PolicyDraft.defaultLimit ? ["--limit", "\(maximum)"] : []
    policy = CommandLineWords.shell(
      ["connreap", "policy", "new", policyName] + words + policyLimit)
  }

  /// The options that select the group; nil if none do.
  private static func selection(of group: LeakGroup, in snapshot: Snapshot) -> [String]? {
    guard let key = group.key else { return nil }
    let words: [String]
    switch key {
    case .process(let identity): words = ["--pid", "\(identity.pid)"]
    case .program(let program):
      guard let name = pattern(program.name) else { return processes(of: group) }
      switch program.place {
      case .container(let container):
        guard let container = plain(container.label) else { return processes(of: group) }
        return ["--process", name, "--container", container]
      case .unit(let unit):
        guard let unit = pattern(unit) else { return processes(of: group) }
        words = ["--process", name, "--unit", unit]
      case nil: words = ["--process", name]
      }
    case .unit(let unit):
      guard let unit = pattern(unit) else { return nil }
      words = ["--unit", unit]
    case .container:
      return group.container.flatMap { plain($0.label) }.map { ["--container", $0] }
    case .pod: return group.pod.flatMap { plain($0.label) }.map { ["--pod", $0] }
    case .peer(let address): words = ["--peer", address.description]
    case .user, .listener, .all: return nil
    }
    return words + namespaces(of: group, in: snapshot)
  }

  /// The processes of the group by pid, where its name cannot be typed; nil if there are many.
  private static func processes(of group: LeakGroup) -> [String]? {
    guard group.processes.count == 1, let first = group.processes.first else { return nil }
    return ["--pid", "\(first.owner.pid)"]
  }

  /// The option for the namespaces of the group; none if it is in connreap's own only.
  private static func namespaces(of group: LeakGroup, in snapshot: Snapshot) -> [String] {
    let others = group.namespaces.filter { !snapshot.namespaces[Int($0)].isOwn }
    guard let first = others.first else { return [] }
    guard group.namespaces.count == 1 else { return ["--netns", "all"] }
    if let name = snapshot.namespaces[Int(first)].name.flatMap({ plain($0) }) {
      return ["--netns", name]
    }
    return ["--netns", group.processes.first.map { "\($0.owner.pid)" } ?? "all"]
  }

  /// A pattern that matches exactly `name`; nil if the name cannot be typed.
  private static func pattern(_ name: KernelName) -> String? {
    guard let text = plain(name) else { return nil }
    var pattern = ""
    for character in text.unicodeScalars {
      switch character {
      case "*", "?", "[", "\\": pattern += "\\" + String(character)
      case ",": pattern += "[,]"
      default: pattern.unicodeScalars.append(character)
      }
    }
    return pattern
  }

  /// The name as a person can type it; nil if it is not UTF-8, or has control characters or spaces
  /// at an end.
  private static func plain(_ name: KernelName) -> String? {
    guard let text = name.exactText, let first = text.unicodeScalars.first,
      let last = text.unicodeScalars.last, first != " ", last != " ",
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory.isVisible })
    else { return nil }
    return text
  }

  /// A maximum with room for the growth during five minutes, rounded up to two digits.
  private static func maximum(for group: LeakGroup) -> Int {
    let growth = max(0, group.growth?.perHour ?? 0) / 12
    let needed = group.leaked + Int(min(growth, Double(group.leaked)).rounded(.up))
    var unit = 1
    while needed / unit >= 100 { unit *= 10 }
    return (needed + unit - 1) / unit * unit
  }

  /// A policy name: lower-case letters, digits and hyphens.
  static func policyName(for label: KernelName) -> String {
    var name = ""
    for character in label.text.lowercased().unicodeScalars {
      if character.isASCII, character.properties.isAlphabetic || ("0"..."9").contains(character) {
        name.unicodeScalars.append(character)
      } else if !name.hasSuffix("-"), !name.isEmpty {
        name += "-"
      }
    }
    let stem = name.prefix(Self.maximumNameLength)
    return (stem.hasSuffix("-") || stem.isEmpty ? stem + "leak" : stem + "-leak").description
  }

  private static let maximumNameLength = 40
}

extension Unicode.GeneralCategory {
  /// Whether characters of this category are visible, or a space.
  fileprivate var isVisible: Bool {
    switch self {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    default: true
    }
  }
}
