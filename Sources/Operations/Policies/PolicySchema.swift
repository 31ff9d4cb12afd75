import Connections
import PolicyEngine
import Rendering
import Selection

/// The JSON Schema of a policy file (draft 2020-12), with which editors complete and check.
///
/// It is built from the keys and words of the reader. `policy check` may still reject a valid file,
/// since it also looks up users and hosts.
package enum PolicySchema {
  /// The schema as a document.
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

  /// As ``DurationText`` reads it, but not zero, which would match every connection.
  private static let duration: JSONValue = [
    "type": "string", "minLength": 2,
    "pattern": "^(?![0dhms]*$)(?!0[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
    "examples": ["90s", "10m", "1h30m", "7d"],
  ]

  private static let count: JSONValue = ["type": "integer", "minimum": 1]

  private static func value(of key: FileKey) -> JSONValue {
    switch key {
    case .version: described("version of the file format", ["const": 1])
    case .protect:
      described("connections that no policy of this file touches", list(of: "selection"))
    case .policies: described("policies, in the order in which they act", list(of: "policy"))
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
      // The words are for completion. The names of the kernel and RFC 9293 are valid too.
      [
        "anyOf": [
          ["enum": .list(TCPStateSet.words.map { .string($0) })],
          ["type": "string", "minLength": 1],
        ]
      ]
    case .port, .localPort, .peerPort:
      ["anyOf": [["type": "integer", "minimum": 0, "maximum": 65535], ["type": "string"]]]
    case .pid, .netns: ["anyOf": [reference("count"), ["type": "string"]]]
    case .user, .mark, .receiveQueue, .sendQueue:
      ["anyOf": [["type": "integer", "minimum": 0], ["type": "string"]]]
    case .host, .local, .peer, .process, .command, .unit, .container, .pod, .cgroup, .interface,
      .filter:
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
    case .name: "unique name: lower-case letters, digits and hyphens"
    case .description: "purpose of the policy"
    case .match: "connections to match: every key, and any value of a list"
    case .except: "matched connections to leave out: those that any item matches"
    case .inState: "minimum time of a connection in its state"
    case .groupBy: "how to group connections before counting them"
    case .threshold: "minimum size of a group to act on"
    case .keep: "number of newest connections to keep in each group"
    case .action: "what to do with the connections of such groups"
    case .limit: "maximum number of connections to act on in a run; above it, do nothing"
    case .limitPercent: "maximum percentage of a group owner's connections to act on in a run"
    case .rate: "maximum number of closings per second"
    case .seen: "number of consecutive runs that must flag a connection"
    case .giveUpAfter: "number of consecutive runs with a group after which to only report it"
    case .notify: "absolute path of a program to run when the policy gives up, and its arguments"
    }
  }
}
