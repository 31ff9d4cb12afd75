import Operations
import Rendering
package import Screens

/// The help page of the live view.
package enum TopHelp {
  private static let keys: [(keys: String, meaning: String)] = [
    ("↑ ↓ j PgUp PgDn Home End", "move the cursor, which then follows its connection"),
    ("s > <", "sort by the next or previous column; r reverses the order"),
    (
      "/ f",
      "filter while you type, in the language of 'connreap list': idle > 1h and process = java; "
        + "Enter applies it, Esc restores the previous one, an empty one shows all"
    ),
    ("g", "group by process, peer, unit, or not at all; z folds all groups, Enter folds one"),
    ("Enter", "show the details of the connection under the cursor"),
    ("Space", "mark or unmark the connection or the whole group"),
    ("a u", "mark all connections shown; remove all marks"),
    (
      "k",
      "close the marked connections or, if there are none, the one under the cursor: shows the "
        + "plan and what is spared, then asks, as 'connreap kill' does; only y closes"
    ),
    ("p", "pause or resume updates"),
    ("+ -", "lengthen or shorten the scan interval"),
    ("Ctrl-L", "redraw the screen"),
    ("q", "quit"),
  ]

  private static let words: [(word: String, meaning: String)] = [
    (
      "SENT/s RECV/s",
      "bytes per second acknowledged by the peer, and received, from the kernel's counters at the "
        + "last two scans; – means unknown, as at the first scan"
    ),
    ("IDLE", "time without payload in either direction; yellow from one hour"),
    ("IN-STATE", "minimum time in CLOSE-WAIT"),
    (
      "CLOSE-WAIT",
      "red: the peer has closed, but the program here has not; a leak if it persists"
    ),
    ("≥", "at least: the value is unknown for some connections"),
  ]

  /// The lines of the page, wrapped to `width` columns.
  package static func lines(width: Int) -> [ScreenLine] {
    var lines: [ScreenLine] = []
    for (index, part) in [keys.map { ($0.keys, $0.meaning) }, words.map { ($0.word, $0.meaning) }]
      .enumerated()
    {
      if index > 0 { lines.append(ScreenLine()) }
      for (word, meaning) in part { lines += entry(word, meaning, width: width) }
    }
    return lines
  }

  /// A word with its meaning beside it, or below it on a narrow screen.
  private static func entry(_ word: String, _ meaning: String, width: Int) -> [ScreenLine] {
    let margin = 26
    guard width >= 60 else {
      return [ScreenLine(word, ScreenLook(nil, .bold))]
        + ScreenLine.wrapped("  " + meaning, to: width, indent: 2)
    }
    return ScreenLine.wrapped(meaning, to: width - margin).enumerated().map { index, line in
      let lead = ScreenLine(index == 0 ? word : "", ScreenLook(nil, .bold)).fitted(to: margin)
      return ScreenLine(lead.spans + line.spans)
    }
  }
}
