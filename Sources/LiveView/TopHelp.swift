import Operations
import Rendering
package import Screens

/// What the help of the live view says.
package enum TopHelp {
  private static let keys: [(keys: String, meaning: String)] = [
    ("↑ ↓ j PgUp PgDn Home End", "move the cursor; it stays on its connection while rows move"),
    ("s > <", "sort by the next column, or by the one before; r turns the order round"),
    (
      "/ f",
      "filter while you type, in the language of 'connreap list': idle > 1h and process = java; "
        + "Enter keeps it, Esc takes the one before, an empty one shows all"
    ),
    ("g", "group by process, peer, unit, or not at all; z folds all groups, Enter folds one"),
    ("Enter", "all that is known of the connection under the cursor"),
    ("Space", "mark the connection, or the whole group; again takes the mark away"),
    ("a u", "mark all that are shown; take all marks away"),
    (
      "k",
      "close what is marked or, when nothing is, what the cursor is on: it shows the plan, what is "
        + "spared and why, and asks, exactly as 'connreap kill' does; only y closes"
    ),
    ("p", "pause: the screen stays as it is; again goes on"),
    ("+ -", "longer or shorter time from scan to scan"),
    ("Ctrl-L", "draw all again"),
    ("q", "quit"),
  ]

  private static let words: [(word: String, meaning: String)] = [
    (
      "SENT/s RECV/s",
      "bytes that the peer has acknowledged, and bytes received, in a second, by the kernel's "
        + "counters at two scans; – is unknown, as at the first scan"
    ),
    ("IDLE", "since when no payload has moved in either direction; yellow from an hour on"),
    ("IN STATE", "how long it has been in CLOSE-WAIT, at least"),
    (
      "CLOSE-WAIT",
      "red: the peer has closed, and the program here has not; it leaks if this goes on"
    ),
    ("≥", "at least: of some connections the figure is not known"),
  ]

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

  /// A word, and beside it, or below on a narrow screen, what it means.
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
