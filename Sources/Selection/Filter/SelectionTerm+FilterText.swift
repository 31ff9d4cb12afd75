import Connections

extension SelectionTerm {
  /// The term as the filter language spells it.
  public var filterText: String {
    switch self {
    case .states(let states): Self.states(states)
    case .idle(let least): Self.time("idle", least)
    case .stalled(let least): Self.time("stalled", least)
    case .inState(let least): Self.time("in-state", least)
    case .age(let least): Self.time("age", least)
    case .address(let end, let block): "\(end.hostKey.rawValue) = \(block)"
    case .port(let end, let range): "\(end.portKey.rawValue) \(Self.ports(range))"
    case .process(let glob): "process = \(Self.word(glob))"
    case .pid(let pid): "pid = \(pid)"
    case .unit(let glob): "unit = \(Self.word(glob))"
    case .container(let id): "container = \(id)"
    case .cgroup(let path): "cgroup = \(Self.quoted(path) ?? path)"
    case .user(let id): "user = \(id)"
    case .family(let family): "family = \(family.name)"
    case .receiveQueue(let least): "recv-queue >= \(least)"
    case .sendQueue(let least): "send-queue >= \(least)"
    case .interface(let index): "interface = \(index)"
    case .namespace(let term): "netns = \(Self.quoted("\(term.name)") ?? "\(term.name)")"
    case .mark(let mark, let mask):
      "mark = \(Self.hexadecimal(mark))" + (mask == .max ? "" : "/\(Self.hexadecimal(mask))")
    case .autobound: "autobound"
    }
  }

  private static func states(_ states: TCPStateSet) -> String {
    // Without NEW_SYN_RECV, which has no name of its own.
    let names = states.states.filter { $0 != .newSynReceived }.map(\.name)
    guard !names.isEmpty else { return "not tcp" }
    let group = TCPStateSet.words.first { TCPStateSet(word: $0) == states }
    return "state = \(group ?? names.joined(separator: ","))"
  }

  private static func time(_ word: String, _ least: UInt64) -> String {
    "\(word) >= \(DurationText.exact(milliseconds: least))"
  }

  private static func ports(_ range: ClosedRange<UInt16>) -> String {
    if range.count == 1 { return "= \(range.lowerBound)" }
    if range.upperBound == .max { return ">= \(range.lowerBound)" }
    if range.lowerBound == 0 { return "<= \(range.upperBound)" }
    return "= \(range.lowerBound)-\(range.upperBound)"
  }

  /// The pattern as one word: in the quotes that it has not, else with its characters escaped.
  ///
  /// A comma would separate two patterns, and a blank at an end would not count.
  private static func word(_ glob: Glob) -> String {
    var pattern = ""
    var isEscaped = false
    for scalar in glob.pattern.unicodeScalars {
      if scalar == ",", !isEscaped { pattern.unicodeScalars.append("\\") }
      isEscaped = scalar == "\\" && !isEscaped
      pattern.unicodeScalars.append(scalar)
    }
    var scalars = pattern.unicodeScalars[...]
    let startsBlank = scalars.first == " "
    if startsBlank { scalars.removeFirst() }
    let endsBlank = scalars.last == " "
    if endsBlank {
      scalars.removeLast()
      let isEscaped = !scalars.reversed().prefix { $0 == "\\" }.count.isMultiple(of: 2)
      if isEscaped { scalars.removeLast() }
    }
    pattern = (startsBlank ? "[ ]" : "") + String(scalars) + (endsBlank ? "[ ]" : "")
    return quoted(pattern) ?? escapedWord(pattern)
  }

  /// The value as it is, where it is one word, else in the quotes that it has not; nil when it has
  /// both.
  private static func quoted(_ value: String) -> String? {
    let isPlain = value.unicodeScalars.allSatisfy { plainCharacters.contains($0) }
    if isPlain, FilterToken(value, at: 0..<0).keyword != nil { return value }
    // By scalars, as it is read: a mark behind a quotation mark makes one character of both.
    let quotes: [Unicode.Scalar] = ["\"", "'"]
    return quotes.first { !value.unicodeScalars.contains($0) }.map { "\($0)\(value)\($0)" }
  }

  private static let plainCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./*?:@+".unicodeScalars

  /// The pattern without quotes; what would end the word is escaped, which a pattern may have.
  private static func escapedWord(_ pattern: String) -> String {
    var word = String.UnicodeScalarView()
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      if !isEscaped, " \t\n\u{b}\u{c}\r()&|=<>\"'".unicodeScalars.contains(scalar) {
        word.append("\\")
      }
      isEscaped = scalar == "\\" && !isEscaped
      word.append(scalar)
    }
    // A `\` in front of an operator would be the shell's.
    if word.first == "!" { return "[\\!]\(String(word.dropFirst()))" }
    guard word.first == "\\" else { return String(word) }
    return "[\(String(word.prefix(2)))]\(String(word.dropFirst(2)))"
  }

  private static func hexadecimal(_ number: UInt32) -> String {
    "0x" + String(number, radix: 16)
  }
}
