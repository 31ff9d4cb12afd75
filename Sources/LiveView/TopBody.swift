import Rendering
import Screens

/// The part of the screen between the lines above and below the table: the table with its
/// headings, the open menu on its left, and the details on its right if there is room.
struct TopBody {
  private let model: TopModel
  private let height: Int
  private let menuWidth: Int
  private let paneWidth: Int
  private let headings: [TopHeading]
  private let rows: [ScreenLine]

  /// The narrowest screen with a details pane.
  static let minimumPaneScreen = 160
  /// The narrowest table beside a menu.
  private static let minimumTable = 30

  /// What is at a place of the body.
  enum Target: Equatable {
    /// The title of a column.
    case title(TopSortKey)
    /// A line of the table, and whether the place is on the mark that folds it.
    case entry(Int, isFold: Bool)
    /// An item of the open menu.
    case item(Int)
  }

  /// The body of `model` on `height` lines.
  init(_ model: TopModel, height: Int) {
    self.model = model
    self.height = height
    let width = model.size.width
    if case .menu = model.mode {
      menuWidth = width < TopMenu.width + 1 + Self.minimumTable ? width : TopMenu.width
    } else {
      menuWidth = 0
    }
    paneWidth = Self.paneWidth(of: model)
    let tableWidth = width - paneWidth - (menuWidth == 0 ? 0 : menuWidth + 1)
    guard tableWidth > 0 else {
      (headings, rows) = ([], [])
      return
    }
    let view = model.view
    let lineCount = max(0, height - model.headingCount)
    let visible =
      min(model.scroll, view.entries.count)..<min(view.entries.count, model.scroll + lineCount)
    var groups: [Int] = []
    var places: [Int] = []
    for entry in view.entries[visible] {
      switch entry {
      case .group(let index): groups.append(index)
      case .connection(let place): places.append(place)
      }
    }
    let connectionTable = TopTable(model: model).lines(places, width: tableWidth)
    var connectionLines = connectionTable.lines.makeIterator()
    var headings = [connectionTable.heading]
    var groupLines = [ScreenLine]().makeIterator()
    if model.grouping != nil {
      let groupTable = TopGroupTable(model: model).lines(groups, width: tableWidth)
      groupLines = groupTable.lines.makeIterator()
      headings = view.listsConnections ? [groupTable.heading] + headings : [groupTable.heading]
    }
    self.headings = Array(headings.suffix(model.headingCount))
    var lines: [ScreenLine] = []
    for (index, entry) in zip(visible, view.entries[visible]) {
      let line: ScreenLine? =
        if case .group = entry { groupLines.next() } else { connectionLines.next() }
      let fitted = (line ?? ScreenLine()).fitted(to: tableWidth)
      lines.append(index == model.cursorIndex ? fitted.bar : fitted)
    }
    if visible.isEmpty {
      lines.append(ScreenLine(model.emptiness, ScreenLook(nil, .dim)).fitted(to: tableWidth))
    }
    rows = self.headings.map { $0.line.fitted(to: tableWidth).bar } + lines.prefix(lineCount)
  }

  /// The width of the details pane with its border; 0 without one.
  static func paneWidth(of model: TopModel) -> Int {
    let width = model.size.width
    if case .menu = model.mode { return 0 }
    return width < minimumPaneScreen ? 0 : min(80, width * 2 / 5)
  }

  /// The lines of the body, each as wide as the screen.
  var lines: [ScreenLine] {
    let width = model.size.width
    let menu: [ScreenLine] =
      if case .menu(let menu) = model.mode {
        menu.lines(in: model, width: menuWidth, height: height)
      } else {
        []
      }
    let pane = paneWidth == 0 ? [] : self.pane(width: paneWidth - 2)
    return (0..<height).map { row in
      var line = ScreenLine()
      if !menu.isEmpty {
        line = menu[row]
        if menuWidth < width { line = ScreenLine(line.spans + [border(row)]) }
      }
      if row < rows.count { line = ScreenLine(line.spans + rows[row].spans) }
      guard paneWidth > 0 else { return line.fitted(to: width) }
      let right = row < pane.count ? pane[row] : ScreenLine()
      return ScreenLine(
        line.fitted(to: width - paneWidth).spans + [border(row)] + right.spans
      ).fitted(to: width)
    }
  }

  /// A border beside a row: a part of the bar beside a heading.
  private func border(_ row: Int) -> ScreenLine.Span {
    .init("│", row < headings.count ? ScreenLook(nil, .reverse) : ScreenLook(nil, .dim))
  }

  /// The details of the line under the cursor.
  private func pane(width: Int) -> [ScreenLine] {
    let (title, facts) = model.paneContents(width: width)
    let bar = ScreenLine(" " + title, ScreenLook(nil, .bold)).fitted(to: width + 1).bar
    var lines = [bar]
    while lines.count < headings.count { lines.append(ScreenLine().fitted(to: width + 1).bar) }
    let room = height - lines.count
    let isCut = facts.count > room
    lines += facts.prefix(isCut ? max(0, room - 1) : room).map {
      ScreenLine([.init(" ")] + $0.spans)
    }
    if isCut { lines.append(ScreenLine(" …", ScreenLook(nil, .dim))) }
    return lines
  }

  /// What is at `row` and `column` of the body; nil if there is nothing to click.
  func target(row: Int, column: Int) -> Target? {
    var column = column
    if menuWidth > 0, case .menu(let menu) = model.mode {
      if column < menuWidth {
        let item = menu.firstItem(height: height - 1) + row - 1
        return row > 0 && menu.items.indices.contains(item) ? .item(item) : nil
      }
      column -= menuWidth + 1
    }
    guard column >= 0, column < model.size.width - paneWidth, row >= 0 else { return nil }
    if row < headings.count { return headings[row].key(at: column).map { .title($0) } }
    let index = model.scroll + row - headings.count
    guard row < rows.count, model.view.entries.indices.contains(index) else { return nil }
    if case .group = model.view.entries[index] { return .entry(index, isFold: column < 4) }
    return .entry(index, isFold: false)
  }
}
