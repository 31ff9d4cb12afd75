import Connections
import Presentation
import Screens

// The lists of columns (F2) and of orders (F6).
extension TopModel {
  /// Opens the list about the kind of line under the cursor.
  mutating func openMenu(_ subject: TopMenu.Subject) {
    var menu = TopMenu(subject: subject, isAboutGroups: isAboutGroups)
    if subject == .order { menu.index = menu.items.firstIndex { menu.isOn($0, in: self) } ?? 0 }
    mode = .menu(menu)
  }

  mutating func handleInMenu(_ key: ScreenKey, _ menu: TopMenu) {
    var menu = menu
    let last = menu.items.count - 1
    switch key {
    case .up: menu.index -= 1
    case .down, "j": menu.index += 1
    case .pageUp: menu.index -= tableHeight
    case .pageDown: menu.index += tableHeight
    case .home: menu.index = 0
    case .end: menu.index = last
    case " ": choose(menu.items[menu.index], of: menu)
    case .enter:
      if menu.subject == .order { choose(menu.items[menu.index], of: menu) }
      mode = .table
      return
    case "r" where menu.subject == .order:
      if menu.isAboutGroups { setOrder(groupOrder.reversed) } else { setOrder(order.reversed) }
    case .escape, "q", .function(1...12):
      mode = .table
      return
    default: return
    }
    menu.index = max(0, min(menu.index, last))
    mode = .menu(menu)
  }

  /// Chooses the item at `index` as a click does.
  mutating func click(item index: Int, of menu: TopMenu) {
    var menu = menu
    menu.index = index
    choose(menu.items[index], of: menu)
    mode = .menu(menu)
  }

  private mutating func choose(_ item: TopMenu.Item, of menu: TopMenu) {
    switch (menu.subject, item) {
    case (.columns, .automatic):
      if menu.isAboutGroups { chosenGroupColumns = nil } else { chosenColumns = nil }
    case (.columns, .connectionColumn(let column)):
      var chosen = chosenColumns ?? usualColumns
      if chosen.remove(column) == nil { chosen.insert(column) }
      // A table without columns would show nothing.
      if !chosen.isEmpty { chosenColumns = chosen }
    case (.columns, .groupColumn(let column)):
      var chosen = chosenGroupColumns ?? Set(TopGroupColumn.allCases)
      if chosen.remove(column) == nil { chosen.insert(column) }
      chosenGroupColumns = chosen
    case (.order, .connectionColumn(let column)):
      if order.column != column { setOrder(TopOrder(by: column)) }
    case (.order, .groupColumn(let column)):
      if groupOrder.column != column { setOrder(TopGroupOrder(column)) }
    case (.order, .automatic): break
    }
  }
}
