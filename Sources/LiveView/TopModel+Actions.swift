import Connections
package import Operations
import Presentation
import Reaping
import Scanning

extension TopModel {
  /// Whether the order and the columns of groups are meant, and not those of connections.
  var isAboutGroups: Bool {
    guard grouping != nil else { return false }
    if case .connection = cursor { return false }
    return true
  }

  /// The columns that a choice starts from.
  var usualColumns: Set<TopColumn> {
    let hasNamespaces = (scan?.snapshot.namespaces.count ?? 1) > 1
    return Set(
      TopColumn.all.filter {
        $0.isStandard && (hasNamespaces || $0 != .list(.networkNamespace))
      })
  }

  mutating func setOrder(_ order: TopOrder) {
    self.order = order
    refresh()
  }

  mutating func setOrder(_ order: TopGroupOrder) {
    groupOrder = order
    arrange()
  }

  /// Sorts by the next or the previous column.
  mutating func moveOrder(by step: Int) {
    if isAboutGroups {
      setOrder(groupOrder.moved(by: step))
    } else {
      setOrder(order.moved(by: step))
    }
  }

  mutating func reverseOrder() {
    if isAboutGroups { setOrder(groupOrder.reversed) } else { setOrder(order.reversed) }
  }

  /// Sorts by a column; reverses the order if it is that of the column already.
  mutating func sort(by key: TopSortKey) {
    switch key {
    case .group(let column):
      setOrder(groupOrder.column == column ? groupOrder.reversed : TopGroupOrder(column))
    case .connection(let column):
      setOrder(order.column == column ? order.reversed : TopOrder(by: column))
    }
  }

  /// The groupings that `g` goes through.
  static let groupings: [Grouping?] = [.program, .process, .peer, .unit, nil]

  mutating func cycleGrouping() {
    let index = Self.groupings.firstIndex(of: grouping) ?? Self.groupings.count - 1
    grouping = Self.groupings[(index + 1) % Self.groupings.count]
    refresh()
  }

  mutating func toggleFolding(_ group: ConnectionGroup.Identity?) {
    if let group { folding.toggle(group) } else { folding.toggleAll() }
    refresh()
  }

  /// Folds or unfolds the group under the cursor. Folding moves the cursor from a connection to its
  /// group.
  mutating func fold(_ isFolded: Bool) {
    guard let index = view.group(at: cursorIndex) else { return }
    let group = view.groups[index]
    guard group.isFolded != isFolded else { return }
    if isFolded { cursor = .group(group.group.identity) }
    toggleFolding(group.group.identity)
  }

  mutating func togglePause() { isPaused.toggle() }

  /// The scan intervals that `+` and `-` choose from, in milliseconds.
  private static let intervals: [UInt64] = [
    500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000,
  ]

  mutating func changeInterval(longer: Bool) {
    let interval = interval
    let next =
      longer
      ? Self.intervals.first { $0 > interval } : Self.intervals.last { $0 < interval }
    self.interval = next ?? interval
  }

  /// Moves the cursor by `lines`, within the table.
  package mutating func move(by lines: Int) { moveCursor(to: cursorIndex + lines) }

  /// Moves the cursor to a line, or to the nearest existing one.
  package mutating func moveCursor(to index: Int) {
    cursorIndex = max(0, min(index, view.entries.count - 1))
    cursor = scan.flatMap { view.target(at: cursorIndex, in: $0) }
    follow()
  }

  /// Scrolls the table by `lines`; the cursor stays visible.
  mutating func scrollTable(by lines: Int) {
    let page = max(1, tableHeight)
    let scroll = max(0, min(self.scroll + lines, view.entries.count - page))
    self.scroll = scroll
    moveCursor(to: max(scroll, min(cursorIndex, scroll + page - 1)))
  }

  /// Marks or unmarks the connection or the whole group under the cursor.
  mutating func toggleMark() {
    guard let scan, view.entries.indices.contains(cursorIndex) else { return }
    let places =
      switch view.entries[cursorIndex] {
      case .connection(let place): [UInt32(place)]
      case .group(let index): view.groups[index].members
      }
    let keys = places.map { scan.snapshot.key(of: scan.connections[Int($0)]) }
    if keys.allSatisfy({ marks[$0] != nil }) {
      for key in keys { marks[key] = nil }
      countMarks()
    } else {
      mark(places, of: scan)
    }
  }

  mutating func markAllShown() {
    if let scan { mark(view.places, of: scan) }
  }

  mutating func unmarkAll() {
    marks = [:]
    countMarks()
  }

  private mutating func mark(_ places: [UInt32], of scan: TopScan) {
    for place in places {
      let connection = scan.connections[Int(place)]
      marks[scan.snapshot.key(of: connection)] = scan.planned(connection)
    }
    countMarks()
  }

  /// Requests a plan for the marked connections or, if there are none, the one under the cursor.
  package mutating func plan() -> [Effect] {
    guard let scan else { return [] }
    var chosen = Array(marks.values)
    if chosen.isEmpty, view.entries.indices.contains(cursorIndex),
      case .connection(let place) = view.entries[cursorIndex]
    {
      chosen = [scan.planned(scan.connections[place])]
    }
    guard !chosen.isEmpty else {
      message = "nothing is marked; Space marks the current line"
      return []
    }
    return plan(chosen)
  }

  /// Requests a plan for one connection.
  package mutating func plan(for connection: PlanFile.Planned) -> [Effect] { plan([connection]) }

  private mutating func plan(_ chosen: [PlanFile.Planned]) -> [Effect] {
    planNumber += 1
    mode = .planning
    return [.plan(chosen, number: planNumber)]
  }

  /// Opens the details of the connection under the cursor, or folds or unfolds the group.
  package mutating func open() {
    guard let scan, view.entries.indices.contains(cursorIndex) else { return }
    switch view.entries[cursorIndex] {
    case .group(let index): toggleFolding(view.groups[index].group.identity)
    case .connection(let place):
      pageScroll = 0
      mode = .details(scan.connections[place], scan, isGone: false)
    }
  }

  /// Copies an end of the connection under the cursor or on the page, or the address of a group of
  /// peers or listeners.
  mutating func copy(_ end: KernelCondition.End) -> [Effect] {
    let text: String
    if case .details(let connection, let scan, _) = mode {
      text = scan.text.end(end, of: connection)
    } else if let scan, view.entries.indices.contains(cursorIndex) {
      switch view.entries[cursorIndex] {
      case .connection(let place): text = scan.text.end(end, of: scan.connections[place])
      case .group(let index):
        guard grouping == .peer || grouping == .listener,
          let key = view.groups[index].group.key
        else {
          message = "this line has no address; Enter shows the connections of a group"
          return []
        }
        text = key
      }
    } else {
      return []
    }
    return [.copy(text)]
  }
}
