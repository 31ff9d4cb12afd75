import Connections
import Rendering
import Screens

/// A list from which the user chooses columns (F2) or an order (F6).
package struct TopMenu: Equatable {
  /// What is chosen.
  package enum Subject: Equatable {
    case columns
    case order
  }

  package let subject: Subject
  /// Whether it is about groups, not about connections.
  package let isAboutGroups: Bool
  /// The item under the cursor.
  package var index = 0

  /// The width that its items need on the screen.
  static let width = 27

  /// An item of the list.
  enum Item: Equatable {
    /// As many columns as fit.
    case automatic
    case connectionColumn(TopColumn)
    case groupColumn(TopGroupColumn)
  }

  /// The items, from the top.
  var items: [Item] {
    switch subject {
    case .columns:
      let columns: [Item] =
        isAboutGroups
        ? TopGroupColumn.allCases.filter { $0 != .name }.map { .groupColumn($0) }
        : TopColumn.selectable.map { .connectionColumn($0) }
      return [.automatic] + columns
    case .order:
      return isAboutGroups
        ? TopGroupColumn.sortable.map { .groupColumn($0) }
        : TopColumn.selectable.filter(TopOrder.isSortable).map { .connectionColumn($0) }
    }
  }

  /// The title line.
  var title: String {
    switch subject {
    case .columns: isAboutGroups ? "Columns of groups" : "Columns of connections"
    case .order: isAboutGroups ? "Sort groups by" : "Sort connections by"
    }
  }

  /// The index of the first item shown on `height` lines.
  func firstItem(height: Int) -> Int { max(0, index - max(1, height) + 1) }

  /// The lines of the list with its title, each `width` columns wide.
  func lines(in model: TopModel, width: Int, height: Int) -> [ScreenLine] {
    var lines = [ScreenLine(" " + title, ScreenLook(nil, .bold)).fitted(to: width).bar]
    let first = firstItem(height: height - 1)
    for (offset, item) in items.dropFirst(first).prefix(max(0, height - 1)).enumerated() {
      let line = ScreenLine(" " + text(of: item, in: model)).fitted(to: width)
      lines.append(first + offset == index ? line.bar : line)
    }
    while lines.count < height { lines.append(ScreenLine().fitted(to: width)) }
    return lines
  }

  private func text(of item: Item, in model: TopModel) -> String {
    let isOn = isOn(item, in: model)
    let grouping = model.grouping ?? .process
    let name =
      switch item {
      case .automatic: "as many as fit"
      case .connectionColumn(let column): column.name
      case .groupColumn(let column): column.name(of: grouping)
      }
    switch subject {
    case .columns: return (isOn ? "[x] " : "[ ] ") + name
    case .order:
      let isDescending =
        isAboutGroups ? model.groupOrder.isDescending : model.order.isDescending
      return (isOn ? TopHeading.arrow(isDescending: isDescending) : " ") + " " + name
    }
  }

  /// Whether `item` is chosen.
  func isOn(_ item: Item, in model: TopModel) -> Bool {
    switch (subject, item) {
    case (.columns, .automatic):
      isAboutGroups ? model.chosenGroupColumns == nil : model.chosenColumns == nil
    case (.columns, .connectionColumn(let column)):
      (model.chosenColumns ?? model.usualColumns).contains(column)
    case (.columns, .groupColumn(let column)):
      model.chosenGroupColumns?.contains(column) ?? true
    case (.order, .connectionColumn(let column)): model.order.column == column
    case (.order, .groupColumn(let column)): model.groupOrder.column == column
    case (.order, .automatic): false
    }
  }
}
