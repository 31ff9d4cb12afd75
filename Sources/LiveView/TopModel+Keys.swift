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
    let before = filter.applied
    filter.read()
    refresh()
    return filter.applied == before ? [] : [.scan]
  }

  private mutating func act(on key: ScreenKey) -> [Effect] {
    message = nil
    // The number of lines above and below the table may have changed.
    defer { follow() }
    if key == .redraw { return [.redraw] }
    switch mode {
    case .table: return handleInTable(key)
    case .filter: return handleInFilter(key)
    case .help, .details: return handleInPage(key)
    case .planning:
      // Accept only leaving: typed-ahead keys must not answer a question not yet asked.
      if key == .escape || key == "q" { mode = .table }
    case .question(let plan, _):
      if !plan.closings.isEmpty, key == "y" || key == "Y" {
        mode = .closing(plan)
        return [.close(plan)]
      }
      if !scrollPage(key) {
        mode = .table
        if !plan.closings.isEmpty { message = "nothing was closed" }
      }
    case .closing: break
    case .outcomes: if !scrollPage(key) { mode = .table }
    }
    return []
  }

  private mutating func handleInTable(_ key: ScreenKey) -> [Effect] {
    switch key {
    case "q", "Q": return [.quit]
    case .up: move(by: -1)
    case .down, "j": move(by: 1)
    case .pageUp: move(by: -max(1, tableHeight - 1))
    case .pageDown: move(by: max(1, tableHeight - 1))
    case .home: moveCursor(to: 0)
    case .end: moveCursor(to: view.entries.count - 1)
    case "s", ">": setOrder(order.moved(by: 1))
    case "<": setOrder(order.moved(by: -1))
    case "r": setOrder(order.reversed)
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
    case "p":
      togglePause()
      if !isPaused { return [.scan] }
    case "+", "=": changeInterval(longer: true)
    case "-": changeInterval(longer: false)
    case "h", "?":
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
      let before = filter.applied
      filter.cancel()
      mode = .table
      refresh()
      return filter.applied == before ? [] : [.scan]
    case .up, .down, .pageUp, .pageDown:
      let effects = readFilter()
      move(by: key == .up ? -1 : key == .down ? 1 : (key == .pageUp ? -1 : 1) * tableHeight)
      return effects
    default:
      type(key)
      return []
    }
  }

  private mutating func handleInPage(_ key: ScreenKey) -> [Effect] {
    if key == "q" || key == .escape || key == .enter || key == "h" || key == "?" {
      mode = .table
    } else if key == "k", case .details(let connection, let scan, _) = mode {
      return plan(for: scan.planned(connection))
    } else {
      _ = scrollPage(key)
    }
    return []
  }

  /// Scrolls the open page.
  ///
  /// - Returns: whether `key` is a scrolling key.
  private mutating func scrollPage(_ key: ScreenKey) -> Bool {
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
