package import TestSupport

/// Names that an attacker might choose to break a page.
package enum HostileNames {
  private static let parts = [
    "</script>", "<script>", "\"", "'", "&", "&amp;", "<", ">", "-->", "<!--", "]]>", "\u{1b}[2J",
    "\n", "\r", "\t", "\0", "\u{202e}", "\u{2066}", "\u{200f}", "\u{feff}", "\u{2028}", "\\",
    "\\x1b",
    "\u{7f}", "\u{85}", "a", "java", "é", "e\u{301}", "日", "🔥", "=", "/", "`", "{}", "javascript:",
    "</style>", "</td></tr></table>", "onerror=", "<img src=http://x/>", "\u{fffd}", "\u{e000}",
    " ",
  ]

  package static func next(_ random: inout Seeded) -> String {
    (0..<Int.random(in: 0...6, using: &random)).map { _ in
      parts.randomElement(using: &random) ?? ""
    }.joined()
  }
}
