import Connections
import PolicyEngine
import Rendering
import Selection

/// The JSON Schema of a policy file (draft 2020-12), by which editors complete and check.
///
/// It is made from the words that the reader knows. What it accepts may still be refused by
/// `policy check`, which also looks up users and hosts.
package enum PolicySchema {
  /// The schema, as a document that ends with a line break.
  package static var text: String { schema.indented() + "\n" }

  private static var schema: JSONValue {
    [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "A policy file of connreap",
      "type": "object",
      "required": words([FileKey.version, .policies]),
      "additionalProperties": false,
      "properties": .object(
        FileKey.allCases.map { key in (name: key.rawValue, value: value(of: key)) }),
      "$defs": [
        "policy": policy, "selection": selection, "duration": duration, "count": count,
        "exceptions": list(of: "selection"),
      ],
    ]
  }

  private static func reference(_ name: String) -> JSONValue {
    ["$ref": .string("#/$defs/\(name)")]
  }

  private static func words(_ words: [some RawRepresentable<String>]) -> JSONValue {
    .list(words.map { .string($0.rawValue) })
  }

  private static func list(of name: String) -> JSONValue {
    ["type": "array", "minItems": 1, "items": reference(name)]
  }

  /// As ``DurationText`` reads it.
  private static let duration: JSONValue = [
    "type": "string", "minLength": 2,
    "pattern": "^(?!0[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    "examples": ["90s", "10m", "1h30m", "7d"],
  ]

  private static let count: JSONValue = ["type": "integer", "minimum": 1]

  private static func value(of key: FileKey) -> JSONValue {
    switch key {
    case .version: described("the version of the format", ["const": 1])
    case .protect: described("what no policy of this file touches", list(of: "selection"))
    case .policies: described("the policies, in the order in which they act", list(of: "policy"))
    }
  }

  private static var policy: JSONValue {
    [
      "type": "object",
      "required": words([PolicyKey.name, .match, .action]),
      "additionalProperties": false,
      "properties": .object(
        PolicyKey.allCases.map { key in
          (name: key.rawValue, value: described(key.help, value(of: key)))
        }),
    ]
  }

  private static func value(of key: PolicyKey) -> JSONValue {
    switch key {
    case .name: ["type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"]
    case .description: ["type": "string"]
    case .match: reference("selection")
    case .except: reference("exceptions")
    case .inState: reference("duration")
    case .groupBy: ["enum": words(GroupingWord.allCases)]
    case .action: ["enum": words(PolicyAction.allCases)]
    case .keep: ["type": "integer", "minimum": 0]
    case .limitPercent: ["type": "integer", "minimum": 1, "maximum": 100]
    case .threshold, .limit, .rate, .seen, .giveUpAfter: reference("count")
    case .notify:
      [
        "type": "array", "minItems": 1, "items": ["type": "string"],
        "prefixItems": [["type": "string", "pattern": "^/(.*[^/])?$"]],
      ]
    }
  }

  private static var selection: JSONValue {
    let keys = SelectionKey.allCases
    return [
      "type": "object", "minProperties": 1, "additionalProperties": false,
      "properties": .object(
        keys.map { key in
          let value = value(of: key)
          return (
            name: key.rawValue,
            value: [
              "description": .string(key.help),
              "anyOf": [value, ["type": "array", "minItems": 1, "items": value]],
            ]
          )
        }),
    ]
  }

  private static func value(of key: SelectionKey) -> JSONValue {
    switch key {
    case .idle, .stalled, .age, .inState: reference("duration")
    case .family: ["enum": .list(AddressFamily.allCases.map { .string($0.name) })]
    case .state:
      // The words are for completion: those of the kernel and of RFC 9293 are read as well.
      ["anyOf": [["enum": .list(TCPStateSet.words.map { .string($0) })], ["type": "string", "minLength": 1]]]
    case .port, .localPort, .peerPort:
      ["anyOf": [["type": "integer", "minimum": 0, "maximum": 65535], ["type": "string"]]]
    case .pid, .netns: ["anyOf": [reference("count"), ["type": "string"]]]
    case .user, .mark, .receiveQueue, .sendQueue:
      ["anyOf": [["type": "integer", "minimum": 0], ["type": "string"]]]
    case .host, .local, .peer, .process, .unit, .container, .pod, .cgroup, .interface, .filter:
      ["type": "string", "minLength": 1]
    }
  }

  private static func described(_ text: String, _ value: JSONValue) -> JSONValue {
    guard case .object(let members) = value else { return value }
    return .object([(name: "description", value: .string(text))] + members)
  }
}

extension PolicyKey {
  /// A description in one line.
  fileprivate var help: String {
    switch self {
    case .name: "its name, of small letters, digits and hyphens; no other policy has it"
    case .description: "what it is for"
    case .match: "which connections it is about: all keys must be so, of a list one value"
    case .except: "which of them it leaves alone: those of which one of these is so"
    case .inState: "how long each connection must have been in its state"
    case .groupBy: "by what connections are counted together"
    case .threshold: "act on a group only at this many or more"
    case .keep: "leave the newest so many of a group"
    case .action: "what is done with the connections of such groups"
    case .limit: "with more than this in one run, do nothing at all"
    case .limitPercent: "nor with more than so many percent of all that the group's owner holds"
    case .rate: "at most so many in a second"
    case .seen: "only what was flagged in so many runs in a row"
    case .giveUpAfter: "after so many runs in a row with the same group, only report it"
    case .notify: "a program by its absolute path, and its arguments: told when it gives up"
    }
  }
}
