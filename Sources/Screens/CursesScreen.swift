internal import CNcurses
internal import Glibc

/// The process's terminal as a screen to draw on. Only this type calls ncurses.
///
/// The terminal is restored when the value is destroyed, and when the process crashes.
@safe public struct CursesScreen: ~Copyable {
  private let screen: OpaquePointer
  private var window: UnsafeMutablePointer<WINDOW>
  private let showsColors: Bool
  private let isUnicode: Bool
  private let width: (Unicode.Scalar) -> Int
  /// Whether input is pasted text, until its end is read.
  private var isPasting = false
  /// When input was last read.
  private var lastInput = ContinuousClock.now

  /// The maximum time within an escape sequence, in milliseconds: enough for ssh.
  private static let escapeDelay: Int32 = 100
  /// The gap after which a paste has ended, even if its end marker was lost.
  private static let maximumPasteGap = Duration.seconds(1)
  /// The maximum number of inputs to read at once, so that signals are not delayed.
  private static let maximumInputs = 1024

  /// The maximum size in use. On a larger terminal only this part at the upper left is used, because
  /// the memory of curses grows with the area.
  static let maximumSize = (width: 1000, height: 400)

  /// Takes over the terminal of standard input and output.
  ///
  /// - Parameters:
  ///   - colors: whether to use colours if the terminal has them.
  ///   - trustsEnvironment: whether the environment may locate terminal descriptions. If not, its
  ///     variables are removed from the process's environment.
  ///   - width: returns the number of columns that a character takes.
  public init(
    colors: Bool, trustsEnvironment: Bool, width: @escaping (Unicode.Scalar) -> Int
  ) throws(ScreenProblem) {
    unsafe setlocale(LC_ALL, "")
    unsafe isUnicode = String(cString: nl_langinfo(Int32(CODESET))) == "UTF-8"
    self.width = width
    if !trustsEnvironment {
      let variables = ["TERMINFO", "TERMINFO_DIRS", "TERMCAP", "TERMPATH", "HOME"]
      for name in variables { unsafe unsetenv(name) }
    }
    var modes = termios()
    unsafe tcgetattr(STDIN_FILENO, &modes)
    let name = unsafe getenv("TERM").map { unsafe String(cString: $0) }
    set_escdelay(Self.escapeDelay)
    let terminalSize = Self.terminalSize
    // Otherwise curses would use the terminal's full size.
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
    unsafe define_key(TerminalSequence.pasteStart, Paste.startCode)
    unsafe define_key(TerminalSequence.pasteEnd, Paste.endCode)
    Self.send(TerminalSequence.pasteOn)
    // Otherwise curses would wait to see whether a press becomes a click.
    mouseinterval(0)
    setMouse(isOn: true)
  }

  deinit {
    Self.send(TerminalSequence.pasteOff)
    // Without an alternate screen, as in GNU screen by default, the picture stays visible and the
    // shell's prompt appears in its last line.
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

  /// The size of the screen.
  public var size: ScreenSize {
    unsafe ScreenSize(width: Int(getmaxx(window)), height: Int(getmaxy(window)))
  }

  /// Updates the size from the terminal.
  public mutating func updateSize() {
    guard let size = Self.terminalSize else { return }
    resizeterm(Int32(size.height), Int32(size.width))
    guard let renewed = unsafe newwin(0, 0, 0, 0) else { return }
    unsafe delwin(window)
    unsafe window = renewed
    unsafe Self.prepare(unsafe renewed)
    invalidate()
  }

  /// The size to use, and whether the terminal is larger; nil when the terminal's size is unknown.
  private static var terminalSize: (width: Int, height: Int, isCut: Bool)? {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0,
      size.ws_col > 0
    else { return nil }
    let (width, height) = (Int(size.ws_col), Int(size.ws_row))
    return (
      min(width, maximumSize.width), min(height, maximumSize.height),
      width > maximumSize.width || height > maximumSize.height
    )
  }

  /// Releases the terminal until something is drawn again.
  public func leave() {
    Self.send(TerminalSequence.pasteOff)
    endwin()
  }

  /// Takes over the terminal again after ``leave()``, or after another program used it.
  public mutating func reclaim() {
    Self.send(TerminalSequence.pasteOn)
    isPasting = false
    updateSize()
    invalidate()
  }

  /// Makes the next ``draw(_:)`` redraw the whole screen.
  public func invalidate() { unsafe clearok(window, true) }

  /// Draws `picture`.
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

  /// The pending input, up to a limit.
  public mutating func readInputs() -> [ScreenInput] {
    if isPasting, .now - lastInput > Self.maximumPasteGap { isPasting = false }
    var inputs: [ScreenInput] = []
    while inputs.count < Self.maximumInputs {
      var code: wint_t = 0
      let result = unsafe wget_wch(window, &code)
      guard result != ERR else { break }
      lastInput = .now
      switch (result, Int32(bitPattern: code)) {
      case (KEY_CODE_YES, Paste.startCode): isPasting = true
      case (KEY_CODE_YES, Paste.endCode): isPasting = false
      case (KEY_CODE_YES, KEY_MOUSE):
        if let event = Self.takeMouseEvent(), !isPasting { inputs.append(.mouse(event)) }
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

  /// A character of pasted text; control characters, such as line breaks, become spaces.
  private static func pasted(_ code: wint_t) -> Unicode.Scalar? {
    switch code {
    case 0..<0x20, 0x7f..<0xa0: " "
    default: Unicode.Scalar(code)
    }
  }

  /// The mouse event behind the key that announced it; nil for one of no interest.
  private static func takeMouseEvent() -> ScreenMouse? {
    var event = MEVENT()
    guard unsafe getmouse(&event) == OK else { return nil }
    let action: ScreenMouse.Action
    if event.bstate & connreap_press != 0 {
      action = .press
    } else if event.bstate & connreap_wheel_up != 0 {
      action = .wheelUp
    } else if event.bstate & connreap_wheel_down != 0 {
      action = .wheelDown
    } else {
      return nil
    }
    return ScreenMouse(
      action, at: ScreenPicture.Place(row: Int(event.y), column: Int(event.x)))
  }

  /// Turns mouse reports on or off. While they are on, the terminal does not select text itself.
  public func setMouse(isOn: Bool) {
    _ = mousemask(
      isOn ? connreap_press | connreap_wheel_up | connreap_wheel_down : 0, nil)
  }

  /// Asks the terminal to put `text` into its clipboard (OSC 52). Most terminals do; some ask the
  /// user or ignore it.
  ///
  /// - Returns: whether the terminal can be asked. Consoles without a clipboard would print the
  ///   request.
  public func copy(_ text: String) -> Bool {
    let name = unsafe getenv("TERM").map { unsafe String(cString: $0) } ?? ""
    guard !["linux", "vt", "ansi", "cons"].contains(where: name.hasPrefix) else { return false }
    let sequence = TerminalSequence.copying(text)
    return unsafe write(STDOUT_FILENO, sequence, sequence.count) == sequence.count
  }

  /// Discards pending input.
  public func discardInputs() { flushinp() }

  /// Writes `sequence` directly to the terminal: curses has no function for it.
  private static func send(_ sequence: StaticString) {
    _ = unsafe write(STDOUT_FILENO, sequence.utf8Start, sequence.utf8CodeUnitCount)
  }

  /// Key codes for the marks around pasted text, which curses does not use.
  private enum Paste {
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
    case KEY_F0 + 1...KEY_F0 + 12: .function(Int(code - KEY_F0))
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

  /// The sequence that restores a terminal: it leaves the alternate screen, resets keys and cursor,
  /// and clears attributes and colours.
  private static var restoringSequence: [UInt8] {
    let off = [TerminalSequence.mouseOff, TerminalSequence.pasteOff].flatMap { sequence in
      unsafe Array(
        UnsafeBufferPointer(start: sequence.utf8Start, count: sequence.utf8CodeUnitCount))
    }
    return ["sgr0", "op", "cnorm", "rmkx", "rmcup"].reduce(into: off) { sequence, name in
      sequence += withoutDelays(capability(name) ?? [])
    }
  }

  /// A terminal capability (terminfo(5)); nil when the terminal lacks it.
  private static func capability(_ name: String) -> [UInt8]? {
    // tigetstr returns -1 for a name that is not a string capability.
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
