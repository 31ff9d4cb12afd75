/// Replaces text for terminals that show only ASCII, keeping its width.
public enum PlainGlyphs {
  /// `text` with each non-ASCII character replaced by one ASCII character, or two if it is wide.
  public static func text(_ text: String, width: (Unicode.Scalar) -> Int) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var plain = ""
    var isAfterBound = false
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        // A bound such as "≥ 1h" becomes ">=1h", which has the same width.
        plain.unicodeScalars.append(isAfterBound && scalar == " " ? "=" : scalar)
      } else {
        let glyph = glyphs[scalar] ?? "?"
        for _ in 0..<max(1, width(scalar)) { plain.unicodeScalars.append(glyph) }
      }
      isAfterBound = scalar == "≥" || scalar == "≤"
    }
    return plain
  }

  private static let glyphs: [Unicode.Scalar: Unicode.Scalar] = [
    "…": "~", "–": "-", "≥": ">", "≤": "<", "→": ">", "←": "<", "·": "-", "×": "x", "↑": "^",
    "↓": "v", "▲": "^", "▼": "v", "●": "*", "▸": "+", "▾": "-", "─": "-", "│": "|", "⏎": "<",
    "✓": "+", "✗": "x",
    // Bars and sparklines.
    "█": "#", "▉": "#", "▊": "=", "▋": "=", "▌": "=", "▍": "-", "▎": "-", "▏": "-", "▁": "_",
    "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#",
  ]
}
