// Problems are printed like those of a compiler.
extension PolicyProblem: CustomStringConvertible {
  /// The part of a long line that is shown, and the part of it before the fault, in characters.
  private static let window = (length: 120, before: 40)

  /// `FILE:LINE:COLUMN: error: MESSAGE`, the numbered source line, and a line that points at the
  /// fault; without a final line break.
  public var description: String {
    let heading =
      "\(VisibleText.escaped(file)):\(line):\(column): \(severity.rawValue): \(message)"
    guard !sourceLine.isEmpty else { return heading }
    let number = String(line)
    let margin = String(repeating: " ", count: max(0, 5 - number.count))
    let excerpt = excerpt
    let blank = String(repeating: " ", count: max(5, number.count))
    return """
      \(heading)
      \(margin)\(number) | \(excerpt.text)
      \(blank) | \(excerpt.pointer)
      """
  }

  /// The part of the line around the fault, and the line that points at it.
  private var excerpt: (text: String, pointer: String) {
    // A tab would move the pointer, so it is shown as a space.
    let cells = sourceLine.unicodeScalars.map { $0 == "\t" ? " " : VisibleText.escaped(String($0)) }
    let fault = min(column - 1, cells.count)
    let start = cells.count <= Self.window.length ? 0 : max(0, fault - Self.window.before)
    let end = min(cells.count, start + Self.window.length)
    let before = (start > 0 ? "…" : "") + cells[start..<fault].joined()
    let text = before + cells[fault..<end].joined() + (end < cells.count ? "…" : "")
    let width = cells[fault..<min(end, fault + length)].joined().unicodeScalars.count
    let pointer =
      String(repeating: " ", count: before.unicodeScalars.count)
      + "^" + String(repeating: "~", count: max(0, width - 1))
    return (text, pointer)
  }

  /// `2 errors, 1 warning in 1 file`.
  public static func summary(of problems: [PolicyProblem], fileCount: Int) -> String {
    let errors = problems.count { $0.severity == .error }
    let warnings = problems.count - errors
    var counts: [String] = []
    if errors > 0 || warnings == 0 { counts.append(counted(errors, "error")) }
    if warnings > 0 { counts.append(counted(warnings, "warning")) }
    return counts.joined(separator: ", ") + " in " + counted(fileCount, "file")
  }

  private static func counted(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
  }
}
