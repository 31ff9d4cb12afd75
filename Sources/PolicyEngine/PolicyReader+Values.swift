internal import Connections
internal import Selection

// Reads single values and lists, and reports what they should have been.
extension PolicyReader {
  /// The entries of `map` whose keys are of this kind. Other keys are reported.
  mutating func entries<Key: PolicyWord & Hashable>(
    of map: SourceMap, as kind: Key.Type
  ) -> [Key: SourceEntry] {
    var entries: [Key: SourceEntry] = [:]
    for entry in map.entries {
      guard let word = known(entry.key, kind, called: "key") else { continue }
      entries[word] = entry
    }
    return entries
  }

  /// `scalar` as a word of this kind; nil with a report if it is none.
  private mutating func known<Word: PolicyWord>(
    _ scalar: SourceScalar, _ kind: Word.Type, called noun: String
  ) -> Word? {
    let quoted = scalar.text.quoted
    guard let word = Word(rawValue: scalar.text) else {
      let words = Word.allCases.map(\.rawValue)
      var message = "unknown \(noun) \(quoted)"
      if kind == PolicyKey.self, SelectionKey(rawValue: scalar.text) != nil {
        message += "; it belongs in \"match\""
      } else if kind == FileKey.self, PolicyKey(rawValue: scalar.text) != nil {
        message += "; it belongs in a policy"
      } else if let nearest = NearestWord.to(scalar.text, among: words) {
        message += "; did you mean \"\(nearest)\"?"
      } else {
        message += noun == "key" ? "; the keys are " : "; it is one of "
        message += words.joined(separator: ", ")
      }
      report(message, at: scalar.span)
      return nil
    }
    return word
  }

  /// The value of `entry` as a word of this kind.
  mutating func word<Word: PolicyWord>(_ entry: SourceEntry, _ kind: Word.Type) -> Word? {
    scalar(entry).flatMap { known($0, kind, called: entry.key.text) }
  }

  /// The value of `entry`, if it has a single one.
  mutating func scalar(_ entry: SourceEntry) -> SourceScalar? {
    guard !entry.value.isRefused else { return nil }
    let key = entry.key.text.quoted
    guard case .scalar(let scalar) = entry.value else {
      report("\(key) takes a single value, not \(entry.value.kind)", at: entry.value.span)
      return nil
    }
    guard !scalar.isAbsent else {
      report("\(key) has no value", at: entry.key.span)
      return nil
    }
    guard !scalar.isNull else {
      report(
        "\(key) has no value: \(scalar.text) means none in YAML; quote it if it is a name",
        at: scalar.span)
      return nil
    }
    return scalar
  }

  /// The value of `entry` as a name: lower-case letters, digits and hyphens.
  mutating func name(_ entry: SourceEntry) -> SourceScalar? {
    guard let scalar = scalar(entry) else { return nil }
    guard Policy.isName(scalar.text) else {
      report("a name has lower-case letters, digits and hyphens, as in java-leak", at: scalar.span)
      return nil
    }
    return scalar
  }

  /// The value of `entry` as an integer of at least 1.
  mutating func positive(_ entry: SourceEntry) -> Int? { whole(entry, from: 1) }

  /// The value of `entry` as an integer in decimal digits.
  mutating func whole(_ entry: SourceEntry, from minimum: Int) -> Int? {
    guard let scalar = scalar(entry) else { return nil }
    guard !LeadingZero.starts(scalar.text) else {
      report(LeadingZero.message(scalar.text), at: scalar.span)
      return nil
    }
    guard scalar.text.utf8.allSatisfy(\.isDecimalDigit), let number = Int(scalar.text),
      number >= minimum
    else {
      report(
        "\(scalar.text.quoted) is not a whole number of at least \(minimum), as in 100",
        at: scalar.span)
      return nil
    }
    return number
  }

  /// The value of `entry` as a percentage.
  mutating func percentage(_ entry: SourceEntry) -> Int? {
    guard let number = positive(entry) else { return nil }
    guard number <= 100 else {
      report("a percentage is from 1 to 100", at: entry.value.span)
      return nil
    }
    return number
  }

  /// The value of `entry` as the absolute path of a program and its arguments.
  mutating func program(_ entry: SourceEntry) -> [String]? {
    var words: [SourceScalar] = []
    for item in items(of: entry, called: "a program by its path, or an argument") {
      guard let word = scalar(SourceEntry(key: entry.key, value: item)) else { return nil }
      words.append(word)
    }
    guard let path = words.first else { return nil }
    guard path.text.hasPrefix("/"), !path.text.hasSuffix("/") else {
      report(
        "a program needs an absolute path, as in /usr/local/bin/page; it runs without a shell",
        at: path.span)
      return nil
    }
    return words.map(\.text)
  }

  /// The value of `entry` as a duration above 0, in milliseconds.
  mutating func duration(_ entry: SourceEntry) -> UInt64? {
    guard let scalar = scalar(entry) else { return nil }
    do {
      let milliseconds = try DurationText.parse(scalar.text)
      if milliseconds > 0 { return milliseconds }
      report("a duration of 0 matches every connection; use 1ms or more", at: scalar.span)
    } catch {
      report("\(error)", at: scalar.span(of: error.range))
    }
    return nil
  }

  /// The items of the list in `entry`. An empty list is reported.
  mutating func items(of entry: SourceEntry, called noun: String) -> [PolicyNode] {
    guard !entry.value.isRefused else { return [] }
    let key = entry.key.text.quoted
    guard case .list(let items, _) = entry.value else {
      let isAbsent = entry.value.kind == "nothing"
      report(
        isAbsent
          ? "\(key) has no value" : "\(key) takes a list, not \(entry.value.kind): each is \(noun)",
        at: isAbsent ? entry.key.span : entry.value.span)
      return []
    }
    if items.isEmpty { report("\(key) is an empty list", at: entry.key.span) }
    return items
  }

  mutating func map(_ node: PolicyNode, called noun: String) -> SourceMap? {
    guard !node.isRefused else { return nil }
    guard case .map(let map) = node else {
      report("\(noun) must be a map of keys and values, not \(node.kind)", at: node.span)
      return nil
    }
    return map
  }

  mutating func map(_ node: PolicyNode, called key: SourceScalar) -> SourceMap? {
    if case .scalar(let scalar) = node, scalar.isAbsent {
      report("\(key.text.quoted) has no value", at: key.span)
      return nil
    }
    return map(node, called: key.text.quoted)
  }
}
