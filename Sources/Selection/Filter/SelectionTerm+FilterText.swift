import Connections

extension SelectionTerm {
  /// The term in the filter language.
  public var filterText: String {
    switch self {
    case .states(let states): Self.states(states)
    case .idle(let least): Self.time("idle", least)
    case .stalled(let least): Self.time("stalled", least)
    case .inState(let least): Self.time("in-state", least)
    case .age(let least): Self.time("age", least)
    case .address(let end, let block): "\(end.hostKey.rawValue) = \(block)"
    case .wildcard(let end): "\(end.hostKey.rawValue) = *"
    case .port(let end, let range): "\(end.portKey.rawValue) \(Self.ports(range))"
    case .process(let glob): "process = \(Self.word(glob))"
    case .command(let glob): "command = \(Self.word(glob))"
    case .pid(let pid): "pid = \(pid)"
    case .unit(let glob): "unit = \(Self.word(glob))"
    case .container(let name): "container = \(Self.quoted(name.text.text))"
    case .pod(let name): "pod = \(Self.quoted(name.text.text))"
    case .cgroup(let path): "cgroup = \(Self.quoted(path.text))"
    case .user(let id): "user = \(id)"
    case .family(let family): "family = \(family.name)"
    case .receiveQueue(let least): "recv-queue >= \(least)"
    case .sendQueue(let least): "send-queue >= \(least)"
    case .interface(let index): "interface = \(index)"
    case .interfaceNumber(let index): "interface = %\(index)"
    case .namespace(let term): "netns = \(Self.quoted("\(term.name)"))"
    case .mark(let mark, let mask):
      "mark = \(Self.hexadecimal(mark))" + (mask == .max ? "" : "/\(Self.hexadecimal(mask))")
    case .autobound: "autobound"
    }
  }

  private static func states(_ states: TCPStateSet) -> String {
    // NEW_SYN_RECV has no name of its own.
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

  /// The pattern as one word.
  ///
  /// A comma outside brackets would separate two patterns, and the parser would strip a leading or
  /// trailing space. Both are written as a set: `[,]` and `[ ]`.
  private static func word(_ glob: Glob) -> String {
    let bytes = Array(glob.pattern.utf8)
    let backslash = UInt8(ascii: "\\")
    var pattern: [UInt8] = []
    var position = 0
    var isAfterBackslash = false
    while position < bytes.count {
      let end = Glob.endOfElement(in: bytes, from: position)
      let isAtEnd = position == 0 || end == bytes.count
      switch bytes[position] {
      case UInt8(ascii: ","),
        UInt8(ascii: " ") where isAtEnd:
        // A literal backslash must not escape the bracket.
        if isAfterBackslash { pattern.append(backslash) }
        pattern += [UInt8(ascii: "["), bytes[position], UInt8(ascii: "]")]
      default: pattern += bytes[position..<end]
      }
      isAfterBackslash = bytes[position] == backslash && end == position + 1
      position = end
    }
    return quoted(String(decoding: pattern, as: UTF8.self))
  }

  /// The value, quoted if it is not a plain word.
  ///
  /// Uses a quote that the value does not contain. If it contains both, inner quotes are doubled.
  private static func quoted(_ value: String) -> String {
    let isPlain = value.unicodeScalars.allSatisfy { plainCharacters.contains($0) }
    if isPlain, FilterToken(value, at: 0..<0).keyword != nil { return value }
    // The lexer works on bytes. A combining mark after a quote would merge with it into one
    // Character, so this compares scalars.
    let quotes: [Unicode.Scalar] = ["\"", "'"]
    if let quote = quotes.first(where: { !value.unicodeScalars.contains($0) }) {
      return "\(quote)\(value)\(quote)"
    }
    var doubled = String.UnicodeScalarView()
    for scalar in value.unicodeScalars {
      if scalar == "\"" { doubled.append(scalar) }
      doubled.append(scalar)
    }
    return "\"\(String(doubled))\""
  }

  private static let plainCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./*?:@+".unicodeScalars

  private static func hexadecimal(_ number: UInt32) -> String {
    "0x" + String(number, radix: 16)
  }
}
