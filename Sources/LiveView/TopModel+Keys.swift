import Connections
import Operations
import Presentation
import Reaping
import Reports
import Screens

extension TopModel {
  /// Handles `inputs` in order.
  ///
  /// The filter is parsed once for all of them, since applying it takes a pass over all
  /// connections. Pasted text goes to the filter and never acts as a key.
  @discardableResult
  mutating func handle(_ inputs: [ScreenInput]) -> [Effect] {
    var effects: [Effect] = []
    for input in inputs {
      switch input {
      case .key(let key): effects += act(on: key)
      case .pasted(let scalar): paste(scalar)
      case .mouse(let mouse): effects += act(on: mouse)
      }
    }
    return effects + readFilter()
  }

  /// Handles `key`, and returns the requested actions.
  mutating func handle(_ key: ScreenKey) -> [Effect] { handle([.key(key)]) }

  private mutating func paste(_ scalar: Unicode.Scalar) {
    if case .filter = mode {
      type(.character(scalar))
    } else {
      message = "pasted text is ignored here"
    }
  }

  /// Handles a key that edits the filter.
  private mutating func type(_ key: ScreenKey) {
    filter.type { $0.handle(key) }
    if filter.editor?.scalars.count == LineEditor.maximumLength {
      message = "a filter has at most \(LineEditor.maximumLength) characters"
    }
  }

  /// Parses the filter if it has changed.
  private mutating func readFilter() -> [Effect] {
    guard filter.isUnread else { return [] }
    let before = filter.expression
    filter.read()
    refresh()
    return filter.expression == before ? [] : [.scan]
  }

  private mutating func act(on key: ScreenKey) -> [Effect] {
    message = nil
    // The number of lines above and below the table may have changed.
    defer { follow() }
    if key == .redraw { return [.redraw] }
    switch mode {
    case .table: return handleInTable(key)
    case .filter: return handleInFilter(key)
    case .menu(let menu): handleInMenu(key, menu)
    case .help, .details: return handleInPage(key)
    case .planning:
      // Accept only leaving: typed-ahead keys must not answer a question not yet asked.
      if key == .escape || key == "q" { mode = .table }
    case .question(let plan, _): return handleInQuestion(key, plan)
    case .closing: break
    case .outcomes: if !scrollPage(key) { mode = .table }
    }
    return []
  }

  private mutating func handleInTable(_ key: ScreenKey) -> [Effect] {
    switch key {
    case "q", "Q", .function(10): return [.quit]
    case .up: move(by: -1)
    case .down, "j": move(by: 1)
    case .pageUp: move(by: -max(1, tableHeight - 1))
    case .pageDown: move(by: max(1, tableHeight - 1))
    case .home: moveCursor(to: 0)
    case .end: moveCursor(to: view.entries.count - 1)
    case .left: fold(true)
    case .right: fold(false)
    case "s", ">": moveOrder(by: 1)
    case "<": moveOrder(by: -1)
    case "r": reverseOrder()
    case .function(2): openMenu(.columns)
    case .function(6): openMenu(.order)
    case "g": cycleGrouping()
    case "z": toggleFolding(nil)
    case "/", "f":
      filter.begin()
      mode = .filter
    case .enter: open()
    case " ":
      toggleMark()
      move(by: 1)
    case "a": markAllShown()
    case "u": unmarkAll()
    case "k": return plan()
    case "c": return copy(.peer)
    case "C": return copy(.local)
    case "m":
      usesMouse.toggle()
      message = usesMouse ? "the mouse is on" : "the mouse is off: the terminal selects text"
      return [.useMouse(usesMouse)]
    case "p":
      togglePause()
      if !isPaused { return [.scan] }
    case "+", "=": changeInterval(longer: true)
    case "-": changeInterval(longer: false)
    case "h", "?", .function(1):
      pageScroll = 0
      mode = .help
    default: break
    }
    return []
  }

  private mutating func handleInFilter(_ key: ScreenKey) -> [Effect] {
    switch key {
    case .enter:
      let effects = readFilter()
      if let text = filter.accept() { return effects + [.lookUp(text)] }
      if filter.editor == nil { mode = .table }
      return effects
    case .escape:
      let before = filter.expression
      filter.cancel()
      mode = .table
      refresh()
      return filter.expression == before ? [] : [.scan]
    case .up, .down, .pageUp, .pageDown:
      let effects = readFilter()
      move(by: key == .up ? -1 : key == .down ? 1 : (key == .pageUp ? -1 : 1) * tableHeight)
      return effects
    default:
      type(key)
      return []
    }
  }

  private mutating func handleInQuestion(_ key: ScreenKey, _ plan: Plan) -> [Effect] {
    if let number = numberToType {
      switch key {
      case .enter where typedNumber.text == "\(number)": break
      case .enter, .escape, "q", "n", "N":
        mode = .table
        message = "nothing was closed"
        return []
      case .character("0"..."9"):
        if typedNumber.scalars.count < "\(number)".utf8.count { _ = typedNumber.handle(key) }
        return []
      default:
        if !typedNumber.handle(editing: key) { _ = scrollPage(key) }
        return []
      }
    } else if plan.closings.isEmpty || key != "y" && key != "Y" {
      if !scrollPage(key) {
        mode = .table
        if !plan.closings.isEmpty { message = "nothing was closed" }
      }
      return []
    }
    mode = .closing(plan)
    return [.close(plan)]
  }

  private mutating func handleInPage(_ key: ScreenKey) -> [Effect] {
    if [.character("q"), .escape, .enter, "h", "?", .function(1), .function(10)].contains(key) {
      mode = .table
    } else if key == "k", case .details(let connection, let scan, _) = mode {
      return plan(for: scan.planned(connection))
    } else if key == "c" || key == "C", case .details = mode {
      return copy(key == "c" ? .peer : .local)
    } else {
      _ = scrollPage(key)
    }
    return []
  }

  /// Scrolls the open page.
  ///
  /// - Returns: whether `key` is a scrolling key.
  mutating func scrollPage(_ key: ScreenKey) -> Bool {
    let maximum = max(0, pageLines.count - pageHeight)
    switch key {
    case .up: pageScroll -= 1
    case .down, "j": pageScroll += 1
    case .pageUp: pageScroll -= pageHeight
    case .pageDown, " ": pageScroll += pageHeight
    case .home: pageScroll = 0
    case .end: pageScroll = maximum
    default: return false
    }
    pageScroll = max(0, min(pageScroll, maximum))
    return true
  }
}
