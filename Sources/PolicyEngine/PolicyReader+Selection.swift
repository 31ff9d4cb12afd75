internal import Connections
internal import Selection

/// A map of selection keys.
struct ReadSelection {
  let predicate: SelectionPredicate
  let keys: Set<SelectionKey>
  /// The keys and values on one line.
  let text: String
}

// Reads `match` and the items of `except` and `protect`.
extension PolicyReader {
  /// The selection in `map`; nil if any part of it has a problem.
  mutating func selection(_ map: SourceMap, called noun: String) -> ReadSelection? {
    guard !map.entries.isEmpty else {
      report("\(noun) is empty and would match every connection", at: map.span)
      return nil
    }
    var parts: [SelectionPredicate] = []
    var keys: Set<SelectionKey> = []
    var texts: [String] = []
    for entry in map.entries {
      guard let key = selectionKey(entry.key), let values = values(of: entry) else { continue }
      let choices = values.compactMap { choice($0, of: key) }
      guard choices.count == values.count else { continue }
      // As on the command line, any value may match, but every filter must.
      let joined = key == .filter ? SelectionPredicate.all(choices) : .any(choices)
      parts.append(choices.count == 1 ? choices[0] : joined)
      keys.insert(key)
      texts.append("\(key.rawValue): \(values.map(\.text).joined(separator: ", "))")
    }
    checkInterface(map, keys)
    guard parts.count == map.entries.count else { return nil }
    return ReadSelection(
      predicate: parts.count == 1 ? parts[0] : .all(parts), keys: keys,
      text: texts.joined(separator: "; "))
  }

  /// Each network namespace numbers its own interfaces.
  private mutating func checkInterface(_ map: SourceMap, _ keys: Set<SelectionKey>) {
    guard keys.isSuperset(of: [.interface, .netns]),
      let entry = map.entries.first(where: { $0.key.text == SelectionKey.interface.rawValue })
    else { return }
    report(
      "\"interface\" refers to connreap's own network namespace and excludes \"netns\"",
      at: entry.key.span)
  }

  private mutating func selectionKey(_ word: SourceScalar) -> SelectionKey? {
    guard let key = SelectionKey(rawValue: word.text) else {
      var message = "unknown key \(word.text.quoted)"
      if PolicyKey(rawValue: word.text) != nil {
        message += "; it belongs beside \"match\", not in it"
      } else if let nearest = SelectionKey.nearest(to: word.text) {
        message += "; did you mean \"\(nearest.rawValue)\"?"
      } else {
        message += "; the keys are " + SelectionKey.allCases.map(\.rawValue).joined(separator: ", ")
      }
      report(message, at: word.span)
      return nil
    }
    return key
  }

  private mutating func values(of entry: SourceEntry) -> [SourceScalar]? {
    guard case .list(let items, _) = entry.value else { return scalar(entry).map { [$0] } }
    guard !items.isEmpty else {
      report("\(entry.key.text.quoted) is an empty list", at: entry.key.span)
      return nil
    }
    let values = items.compactMap { scalar(SourceEntry(key: entry.key, value: $0)) }
    return values.count == items.count ? values : nil
  }

  private mutating func choice(
    _ value: SourceScalar, of key: SelectionKey
  ) -> SelectionPredicate? {
    do {
      let choice = try SelectionVocabulary.parse(key: key, value: value.text, names: names)
      for warning in choice.patternWarnings {
        report("\(warning)", at: value.span, severity: .warning)
      }
      return choice
    } catch {
      let isWhole = error.range.isEmpty && (key != .filter || value.text.isEmpty)
      let place = isWhole ? value.span : value.span(of: error.range)
      report("\(error)", at: place)
      return nil
    }
  }
}
