/// Replaces text for terminals that show only ASCII, keeping its width.
enum PlainGlyphs {
  /// `text` with each non-ASCII character replaced by one ASCII character, or two if it is wide.
  static func text(_ text: String, width: (Unicode.Scalar) -> Int) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var plain = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        plain.unicodeScalars.append(scalar)
      } else {
        let glyph = glyphs[scalar] ?? "?"
        for _ in 0..<max(1, width(scalar)) { plain.unicodeScalars.append(glyph) }
      }
    }
    return plain
  }

  private static let glyphs: [Unicode.Scalar: Unicode.Scalar] = [
    "…": "~", "–": "-", "≥": ">", "→": ">", "←": "<", "·": "-", "↑": "^", "↓": "v", "▲": "^",
    "▼": "v", "●": "*", "▸": "+", "▾": "-", "─": "-", "⏎": "<", "█": "#",
  ]
}
