import Screens
import Synchronization

/// The characters that the output may contain. Without a UTF-8 locale, these are only ASCII.
package enum OutputCharacters {
  private static let restrictsText = Atomic(false)
  private static let restrictsNames = Atomic(false)

  /// Follows the locale in `environment`.
  ///
  /// Call it once, before any output.
  package static func follow(_ environment: Environment) {
    let isRestricted = !isUTF8(environment)
    restrictsText.store(isRestricted, ordering: .relaxed)
    restrictsNames.store(isRestricted, ordering: .relaxed)
  }

  /// Keeps names as they are, for a file whose format defines its encoding.
  package static func keepNames() { restrictsNames.store(false, ordering: .relaxed) }

  /// Whether a name may contain characters other than ASCII.
  static var allowsUnicodeNames: Bool { !restrictsNames.load(ordering: .relaxed) }

  /// Whether the locale uses UTF-8: of `LC_ALL`, `LC_CTYPE` and `LANG`, the first non-empty one
  /// counts.
  ///
  /// Only the name of the locale is examined. It is often set on machines that do not have the
  /// locale itself, and the terminal at the other end uses UTF-8 nevertheless.
  package static func isUTF8(_ environment: Environment) -> Bool {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty }
    guard let name, let dot = name.firstIndex(of: ".") else { return false }
    let codeset = name[name.index(after: dot)...].prefix { $0 != "@" }
    return codeset.lowercased().filter { $0 != "-" } == "utf8"
  }

  /// `text` with only the characters that the output may contain; its width stays the same.
  package static func plain(_ text: String) -> String {
    guard restrictsText.load(ordering: .relaxed) else { return text }
    return PlainGlyphs.text(text) { EscapedText.width(of: $0) }
  }

  /// The same for UTF-8.
  static func restrict(_ text: inout [UInt8]) {
    guard restrictsText.load(ordering: .relaxed), !text.allSatisfy({ $0 < 0x80 }) else { return }
    text = Array(plain(String(decoding: text, as: UTF8.self)).utf8)
  }
}
