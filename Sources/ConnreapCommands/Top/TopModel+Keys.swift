import Reaping
import Screens

extension TopModel {
  /// Does what `key` asks for, and says what else is to be done.
  mutating func handle(_ key: ScreenKey) -> [Effect] {
    message = nil
    // What stands above and below the table may have become more or less.
    defer { follow() }
    if key == .redraw { return [.redraw] }
    switch mode {
    case .table: return handleInTable(key)
    case .filter: return handleInFilter(key)
    case .help, .details: return handleInPage(key)
    case .planning:
      // Nothing but leaving: what is typed ahead must not answer a question not yet asked.
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
    case .home: stand(on: 0)
    case .end: stand(on: view.entries.count - 1)
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
    let before = filter.applied
    switch key {
    case .enter:
      if let text = filter.accept() { return [.lookUp(text)] }
      if filter.editor == nil { mode = .table }
      return []
    case .escape:
      filter.cancel()
      mode = .table
    case .up, .down, .pageUp, .pageDown:
      move(by: key == .up ? -1 : key == .down ? 1 : (key == .pageUp ? -1 : 1) * tableHeight)
      return []
    default: filter.type { $0.handle(key) }
    }
    refresh()
    return filter.applied == before ? [] : [.scan]
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

  /// Scrolls the page that is open.
  ///
  /// - Returns: whether the key is one that scrolls.
  private mutating func scrollPage(_ key: ScreenKey) -> Bool {
    let most = max(0, pageLines.count - pageHeight)
    switch key {
    case .up: pageScroll -= 1
    case .down, "j": pageScroll += 1
    case .pageUp: pageScroll -= pageHeight
    case .pageDown, " ": pageScroll += pageHeight
    case .home: pageScroll = 0
    case .end: pageScroll = most
    default: return false
    }
    pageScroll = max(0, min(pageScroll, most))
    return true
  }
}
