internal import CNcurses
internal import Glibc

/// The terminal of the process as a screen that is drawn on: the one place that calls ncurses.
///
/// The terminal is as it was before when the value has ended, and also when the process dies of a
/// fault.
@safe public struct CursesScreen: ~Copyable {
  private let screen: OpaquePointer
  private var window: UnsafeMutablePointer<WINDOW>
  private let showsColors: Bool
  private let isUnicode: Bool
  private let width: (Unicode.Scalar) -> Int
  /// Whether what comes from the terminal is pasted text, until its end is read.
  private var isPasting = false
  /// When something was read last.
  private var lastInput = ContinuousClock.now

  /// How long an escape may be apart from what belongs to it, in milliseconds: enough for ssh.
  private static let escapeDelay: Int32 = 100
  /// After which silence pasted text has ended, even if its end was lost.
  private static let longestPasteGap = Duration.seconds(1)
  /// How much is read at once, so that signals are not kept waiting.
  private static let inputsAtOnce = 1024

  /// The largest screen that is drawn on. Of a larger terminal, this part at its upper left is used:
  /// the memory that curses takes grows with the area.
  static let largest = (width: 1000, height: 400)

  /// Takes the terminal of standard input and output.
  ///
  /// - Parameters:
  ///   - colors: whether colours are wanted; only where the terminal has some they are shown.
  ///   - trustsEnvironment: whether the environment may say where terminals are described. If not,
  ///     what it says is forgotten for good.
  ///   - width: how many columns a character takes.
  public init(
    colors: Bool, trustsEnvironment: Bool, width: @escaping (Unicode.Scalar) -> Int
  ) throws(ScreenProblem) {
    unsafe setlocale(LC_ALL, "")
    unsafe isUnicode = String(cString: nl_langinfo(Int32(CODESET))) == "UTF-8"
    self.width = width
    if !trustsEnvironment {
      let places = ["TERMINFO", "TERMINFO_DIRS", "TERMCAP", "TERMPATH", "HOME"]
      for name in places { unsafe unsetenv(name) }
    }
    var modes = termios()
    unsafe tcgetattr(STDIN_FILENO, &modes)
    let name = unsafe getenv("TERM").map { unsafe String(cString: $0) }
    set_escdelay(Self.escapeDelay)
    let terminalSize = Self.terminalSize
    // Else curses makes a screen of the size that the terminal has.
    if let terminalSize, terminalSize.isCut { use_env(false) }
    guard let output = unsafe fdopen(STDOUT_FILENO, "w"),
      let input = unsafe fdopen(STDIN_FILENO, "r"),
      let screen = unsafe newterm(nil, output, input)
    else { throw .unknownTerminal(name) }
    if let terminalSize, terminalSize.isCut {
      resizeterm(Int32(terminalSize.height), Int32(terminalSize.width))
    }
    guard Self.capability("cup") != nil, let window = unsafe newwin(0, 0, 0, 0) else {
      endwin()
      unsafe delscreen(screen)
      throw .cannotMoveCursor(name)
    }
    unsafe self.screen = screen
    unsafe self.window = window
    showsColors = colors && has_colors()
    CrashRestoration.arm(Self.restoringSequence, modes)
    cbreak()
    noecho()
    if showsColors {
      start_color()
      use_default_colors()
      for color in ScreenLook.Color.allCases {
        init_pair(color.rawValue, color.rawValue, -1)
      }
    }
    unsafe Self.prepare(unsafe window)
    unsafe define_key(Paste.start, Paste.startCode)
    unsafe define_key(Paste.end, Paste.endCode)
    Self.send(Paste.on)
  }

  deinit {
    Self.send(Paste.off)
    // A terminal without a second screen, such as GNU screen as it comes, keeps the picture, and the
    // shell asks in its last line.
    let lastRow = unsafe getmaxy(window) - 1
    if unsafe wmove(window, lastRow, 0) == OK {
      unsafe wclrtoeol(window)
      unsafe wrefresh(window)
    }
    endwin()
    CrashRestoration.disarm()
    unsafe delwin(window)
    unsafe delscreen(screen)
  }

  private static func prepare(_ window: UnsafeMutablePointer<WINDOW>) {
    unsafe keypad(window, true)
    unsafe nodelay(window, true)
  }

  /// Its size.
  public var size: ScreenSize {
    unsafe ScreenSize(width: Int(getmaxx(window)), height: Int(getmaxy(window)))
  }

  /// Asks the terminal for its size again.
  public mutating func takeNewSize() {
    guard let size = Self.terminalSize else { return }
    resizeterm(Int32(size.height), Int32(size.width))
    guard let renewed = unsafe newwin(0, 0, 0, 0) else { return }
    unsafe delwin(window)
    unsafe window = renewed
    unsafe Self.prepare(unsafe renewed)
    drawAllAgain()
  }

  /// The size to draw in, and whether the terminal is larger; nil where it does not tell its size.
  private static var terminalSize: (width: Int, height: Int, isCut: Bool)? {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0,
      size.ws_col > 0
    else { return nil }
    let (width, height) = (Int(size.ws_col), Int(size.ws_row))
    return (
      min(width, largest.width), min(height, largest.height),
      width > largest.width || height > largest.height
    )
  }

  /// Gives the terminal back until something is drawn again.
  public func leave() {
    Self.send(Paste.off)
    endwin()
  }

  /// Takes the terminal again after ``leave()``, or after another program had it.
  public mutating func takeBack() {
    Self.send(Paste.on)
    isPasting = false
    takeNewSize()
    drawAllAgain()
  }

  /// Has the next picture drawn without trust in what is there.
  public func drawAllAgain() { unsafe clearok(window, true) }

  /// Shows `picture`.
  public func draw(_ picture: ScreenPicture) {
    unsafe werase(window)
    let size = size
    for (row, line) in picture.lines.prefix(size.height).enumerated() {
      var column = 0
      for span in line.spans where column < size.width {
        let text = isUnicode ? span.text : PlainGlyphs.text(span.text, width: width)
        unsafe wmove(window, Int32(row), Int32(column))
        unsafe wattr_set(window, attributes(of: span.look), pair(of: span.look), nil)
        unsafe waddnstr(window, text, -1)
        column += span.text.unicodeScalars.reduce(0) { $0 + width($1) }
      }
    }
    unsafe wattr_set(window, 0, 0, nil)
    if let cursor = picture.cursor {
      unsafe wmove(
        window, Int32(min(cursor.row, size.height - 1)), Int32(min(cursor.column, size.width - 1)))
    }
    curs_set(picture.cursor == nil ? 0 : 1)
    unsafe wrefresh(window)
  }

  private func attributes(of look: ScreenLook) -> attr_t {
    var attributes: attr_t = 0
    if look.marks.contains(.bold) { attributes |= connreap_bold }
    if look.marks.contains(.dim) { attributes |= connreap_dim }
    if look.marks.contains(.reverse) { attributes |= connreap_reverse }
    if look.marks.contains(.underline) { attributes |= connreap_underline }
    return attributes
  }

  private func pair(of look: ScreenLook) -> Int16 { showsColors ? look.color?.rawValue ?? 0 : 0 }

  /// What was entered and not read yet; of much, the first part.
  public mutating func takeInputs() -> [ScreenInput] {
    if isPasting, .now - lastInput > Self.longestPasteGap { isPasting = false }
    var inputs: [ScreenInput] = []
    while inputs.count < Self.inputsAtOnce {
      var code: wint_t = 0
      let result = unsafe wget_wch(window, &code)
      guard result != ERR else { break }
      lastInput = .now
      switch (result, Int32(bitPattern: code)) {
      case (KEY_CODE_YES, Paste.startCode): isPasting = true
      case (KEY_CODE_YES, Paste.endCode): isPasting = false
      case (KEY_CODE_YES, let code):
        if !isPasting { inputs.append(.key(Self.key(code: code))) }
      default:
        if !isPasting {
          inputs.append(.key(Self.key(character: code)))
        } else if let scalar = Self.pasted(code) {
          inputs.append(.pasted(scalar))
        }
      }
    }
    return inputs
  }

  /// A character of pasted text: a blank for each control character, such as a line break.
  private static func pasted(_ code: wint_t) -> Unicode.Scalar? {
    switch code {
    case 0..<0x20, 0x7f..<0xa0: " "
    default: Unicode.Scalar(code)
    }
  }

  /// Discards what was entered and not read yet.
  public func discardInputs() { flushinp() }

  /// Writes `sequence` to the terminal, past curses, which knows nothing of it.
  private static func send(_ sequence: StaticString) {
    _ = unsafe write(STDOUT_FILENO, sequence.utf8Start, sequence.utf8CodeUnitCount)
  }

  /// Bracketed paste (xterm's control sequences, mode 2004): the terminal marks the start and the end
  /// of pasted text. Terminals that do not know it ignore it.
  private enum Paste {
    static let on: StaticString = "\u{1b}[?2004h"
    static let off: StaticString = "\u{1b}[?2004l"
    static let start = "\u{1b}[200~"
    static let end = "\u{1b}[201~"
    /// Codes that curses does not use.
    static let startCode = KEY_MAX - 2
    static let endCode = KEY_MAX - 1
  }

  private static func key(code: Int32) -> ScreenKey {
    switch code {
    case KEY_UP: .up
    case KEY_DOWN: .down
    case KEY_LEFT: .left
    case KEY_RIGHT: .right
    case KEY_PPAGE: .pageUp
    case KEY_NPAGE: .pageDown
    case KEY_HOME: .home
    case KEY_END: .end
    case KEY_ENTER: .enter
    case KEY_BACKSPACE: .backspace
    case KEY_DC: .delete
    default: .other
    }
  }

  private static func key(character: wint_t) -> ScreenKey {
    switch character {
    case 0x0a, 0x0d: .enter
    case 0x1b: .escape
    case 0x08, 0x7f: .backspace
    case 0x09: .tab
    case 0x0c: .redraw
    case 0x15: .clear
    case 0x17: .clearWord
    case 0..<0x20, 0x80..<0xa0: .other
    default: Unicode.Scalar(character).map { .character($0) } ?? .other
    }
  }

  /// What a terminal has to be sent to be as it was: its other screen left, keys and cursor as
  /// usual, and no look or colour.
  private static var restoringSequence: [UInt8] {
    let pasteOff = unsafe Array(
      UnsafeBufferPointer(start: Paste.off.utf8Start, count: Paste.off.utf8CodeUnitCount))
    return ["sgr0", "op", "cnorm", "rmkx", "rmcup"].reduce(into: pasteOff) { sequence, name in
      sequence += withoutDelays(capability(name) ?? [])
    }
  }

  /// A capability of the terminal (terminfo(5)); nil for one that it does not have.
  private static func capability(_ name: String) -> [UInt8]? {
    // A pointer of -1 stands for a name that is no text's.
    guard let text = unsafe tigetstr(name), Int(bitPattern: text) != -1 else { return nil }
    return unsafe Array(String(cString: text).utf8)
  }

  /// The text without the delays that terminfo writes as `$<5>`.
  static func withoutDelays(_ text: [UInt8]) -> [UInt8] {
    var rest = text[...]
    var clean: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "$"), rest.first == UInt8(ascii: "<"),
        let end = rest.firstIndex(of: UInt8(ascii: ">"))
      {
        rest = rest[(end + 1)...]
      } else {
        clean.append(byte)
      }
    }
    return clean
  }
}
