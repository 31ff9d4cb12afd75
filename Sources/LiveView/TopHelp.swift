import Operations
import Rendering
package import Screens

/// The help page of the live view.
package enum TopHelp {
  private static let keys: [(keys: String, meaning: String)] = [
    ("↑ ↓ j PgUp PgDn Home End", "move the cursor, which then follows its line"),
    ("Enter", "unfold or fold the group, or show the details of the connection"),
    ("→ ←", "unfold or fold the group under the cursor; z folds or unfolds all"),
    ("g", "group by program, process, peer, unit, or not at all"),
    (
      "s > <",
      "sort by the next or previous column: groups if the cursor is on a group, otherwise "
        + "connections; r reverses the order"
    ),
    ("F6", "choose the order from a list"),
    ("F2", "choose the columns: of groups or connections, as for s"),
    (
      "/ f",
      "filter while you type, in the language of 'connreap list': idle > 1h and process = java; "
        + "a word that is no expression is searched for in all lines; Enter applies it, Esc "
        + "restores the previous one, an empty one shows all"
    ),
    ("Space", "mark or unmark the connection or the whole group"),
    ("a u", "mark all connections shown; remove all marks"),
    (
      "k",
      "close the marked connections or, if there are none, the one under the cursor: shows the "
        + "plan and what is spared, then asks, as 'connreap kill' does; only y closes; above --max, "
        + "only the typed number does"
    ),
    ("c C", "copy the address of the peer, or the local one, to the terminal's clipboard"),
    (
      "mouse",
      "the wheel scrolls; a click sorts by a title, moves the cursor to a line, or opens the "
        + "current line; m turns the mouse off, so that the terminal selects text"
    ),
    ("p", "pause or resume updates"),
    ("+ -", "lengthen or shorten the scan interval"),
    ("Ctrl-L", "redraw the screen"),
    ("F1 h ?", "show this help"),
    ("q F10", "quit"),
  ]

  private static let words: [(word: String, meaning: String)] = [
    (
      "*, ·, +",
      "marked; a group with some marked connections; new in the last \(seconds) seconds"
    ),
    ("PROGRAM", "all processes of one executable, script or jar in one unit or container"),
    (
      "CHANGE",
      "change in the number of connections since top began to count this group; – means unknown"
    ),
    ("TREND", "connections in CLOSE-WAIT since then; the highest bar is the maximum"),
    ("OLDEST", "longest idle time in the group; yellow from one hour"),
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
    (
      "10 % CPU",
      "scans are further apart than the interval, so that top takes at most a tenth of a core"
    ),
  ]

  private static let seconds = Int(TopTrends.highlight / .seconds(1))

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
