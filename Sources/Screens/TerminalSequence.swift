/// Control sequences that curses has no function for.
enum TerminalSequence {
  /// Bracketed paste (xterm control sequences, mode 2004): the terminal marks the start and end of
  /// pasted text. Terminals without it ignore these sequences.
  static let pasteOn: StaticString = "\u{1b}[?2004h"
  /// Turns bracketed paste off.
  static let pasteOff: StaticString = "\u{1b}[?2004l"
  /// What the terminal sends before pasted text.
  static let pasteStart = "\u{1b}[200~"
  /// What the terminal sends after pasted text.
  static let pasteEnd = "\u{1b}[201~"
  /// Turns all mouse reports off (modes 1000 and 1006, which curses turns on).
  static let mouseOff: StaticString = "\u{1b}[?1006l\u{1b}[?1000l"

  /// Asks the terminal to put `text` into its clipboard (OSC 52).
  static func copying(_ text: String) -> [UInt8] {
    Array("\u{1b}]52;c;".utf8) + base64(Array(text.utf8)) + [0x07]
  }

  /// `bytes` in base64 (RFC 4648).
  static func base64(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      bits <<= UInt32(8 * (3 - group.count))
      for index in 0..<4 {
        let digit = digits[Int(bits >> UInt32(18 - 6 * index) & 63)]
        text.append(index <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return text
  }
}
