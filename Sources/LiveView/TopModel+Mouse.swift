import Screens

extension TopModel {
  /// The number of lines that a notch of the wheel scrolls.
  private static let wheelStep = 3

  /// Handles a click or a turn of the wheel.
  mutating func act(on mouse: ScreenMouse) -> [Effect] {
    defer { follow() }
    switch mouse.action {
    case .press: click(at: mouse.place)
    case .wheelUp: turnWheel(by: -Self.wheelStep)
    case .wheelDown: turnWheel(by: Self.wheelStep)
    }
    return []
  }

  private mutating func turnWheel(by lines: Int) {
    switch mode {
    case .table, .filter: scrollTable(by: lines)
    case .menu:
      for _ in 0..<abs(lines) {
        guard case .menu(let current) = mode else { return }
        handleInMenu(lines < 0 ? .up : .down, current)
      }
    case .help, .details, .question, .outcomes:
      for _ in 0..<abs(lines) { _ = scrollPage(lines < 0 ? .up : .down) }
    case .planning, .closing: break
    }
  }

  /// A click on a title sorts by it, on a line moves the cursor there, on the current line opens
  /// it. A click never answers a question.
  private mutating func click(at place: ScreenPicture.Place) {
    switch mode {
    case .table, .filter, .menu: break
    default: return
    }
    guard let target = target(at: place) else { return }
    message = nil
    switch target {
    case .title(let key): sort(by: key)
    case .entry(let index, let isFold):
      let wasCurrent = index == cursorIndex
      moveCursor(to: index)
      if case .table = mode, wasCurrent || isFold { open() }
    case .item(let index):
      if case .menu(let menu) = mode { click(item: index, of: menu) }
    }
  }
}
