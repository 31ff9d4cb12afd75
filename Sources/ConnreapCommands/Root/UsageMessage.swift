import ArgumentParser
import Operations
import Rendering
import Selection

/// A parse error of ArgumentParser, in the words of connreap.
struct UsageMessage {
  /// ArgumentParser's message.
  private let text: String
  private let path: CommandPath

  /// The error that ArgumentParser describes with `text`, for the command at `path`.
  init(_ text: String, for path: CommandPath) {
    self.text = text
    self.path = path
  }

  /// The error that ends the command.
  var failure: CommandFailure {
    if let value = InvalidValue(text) { return value.failure }
    if let option = text.quotedPart(after: "Unknown option '") {
      return unknownOption(option)
    }
    if let option = text.quotedPart(after: "Missing value for '") {
      let parts = option.split(separator: " ", maxSplits: 1)
      let noun = (parts.dropFirst().first ?? "value").noun
      return withHelp("\(parts.first ?? "option"): missing \(noun)")
    }
    if let argument = text.quotedPart(after: "Missing expected argument '") {
      let isOption = argument.hasPrefix("-")
      let name = argument.prefix { $0 != " " }
      return withHelp("missing \(isOption ? "option " : "")\(isOption ? String(name) : name.noun)")
    }
    if let argument = text.quotedPart(after: "unexpected arguments: '")
      ?? text.quotedPart(after: "Unexpected argument '")
    {
      return withHelp("unexpected argument \"\(EscapedText.escaped(argument))\"")
    }
    if let option = text.quotedPart(after: "The option '"),
      text.contains("does not take any value")
    {
      return withHelp("\(option) takes no value")
    }
    // Errors of connreap itself, which name the option and the remedy.
    return CommandFailure(.usage, EscapedText.lines(text))
  }

  private func withHelp(_ message: String) -> CommandFailure {
    CommandFailure(.usage, message, remedy: "see '\(path.command) --help'")
  }

  private func unknownOption(_ option: String) -> CommandFailure {
    let options = options
    let synonym = SelectionKey.withSynonym(option.dropFirst(2)).map { "--\($0.rawValue)" }
    let nearest =
      !option.hasPrefix("--")
      ? nil
      : synonym.flatMap { options.contains($0) ? $0 : nil }
        ?? NearestWord.to(option, among: options)
    return withHelp(
      "unknown option \(EscapedText.escaped(option))"
        + (nearest.map { "; did you mean \($0)?" } ?? ""))
  }

  /// The long options of the command, from its help.
  private var options: [String] {
    path.type.helpMessage(columns: 200).split(separator: "\n").filter { $0.hasPrefix("  -") }
      .flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "," }).prefix(2) }
      .filter { $0.hasPrefix("--") }.map(String.init)
  }
}

/// The error that an option's value is invalid.
private struct InvalidValue {
  let value: String
  let option: String
  /// What the value names, such as `format`.
  let noun: String
  /// The valid words; empty if there are none or if ``reason`` is known.
  let choices: [String]
  let reason: String?

  /// Reads `The value 'x' is invalid for '-o <format>'` and what follows; nil for other texts.
  init?(_ text: String) {
    let (start, middle) = ("The value '", "' is invalid for '")
    guard text.hasPrefix(start), let separator = text.ranges(of: middle).last,
      let end = text[separator.upperBound...].firstIndex(of: "'")
    else { return nil }
    value = String(text[..<separator.lowerBound].dropFirst(start.count))
    let parts = text[separator.upperBound..<end].split(separator: " ", maxSplits: 1)
    option = parts.first.map(String.init) ?? "argument"
    noun = (parts.last ?? "value").noun
    let rest = text[text.index(after: end)...]
    reason = rest.hasPrefix(": ") ? String(rest.dropFirst(2)) : nil
    choices =
      rest.contains("\n")
      ? rest.split(separator: "\n").dropFirst().map { String($0.drop { " -".contains($0) }) }
      : rest.split(separator: "'", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  var failure: CommandFailure {
    if let reason {
      return CommandFailure(.usage, "\(option): \(EscapedText.escaped(reason))")
    }
    guard !choices.isEmpty else {
      return CommandFailure(
        .usage, "\(option): \"\(EscapedText.escaped(value))\" is not a valid \(noun)")
    }
    return .unknown(noun, value, of: option, among: choices)
  }
}

extension StringProtocol {
  /// The text between `start` and the next quotation mark; nil if `start` does not occur.
  fileprivate func quotedPart(after start: String) -> String? {
    guard let range = self.firstRange(of: start) else { return nil }
    return String(self[range.upperBound...].prefix { $0 != "'" })
  }

  /// The name of a value in a message: its placeholder in the help without angle brackets.
  fileprivate var noun: String {
    let name = String(filter { $0 != "<" && $0 != ">" })
    return name == "n" ? "number" : name
  }
}
