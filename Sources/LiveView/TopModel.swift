package import Connections
package import Operations
package import Presentation
package import Reaping
import Reports
import Scanning
package import Screens
package import Selection

/// The state of the live view as a value, changed by keys, scans and outcomes.
///
/// It has no access to the terminal, the clock or the kernel.
package struct TopModel {
  /// The last scan; nil before the first.
  package private(set) var scan: TopScan?
  package private(set) var rates = TransferRates()
  private(set) var view = TopView()
  package var filter: TopFilter
  package private(set) var order = TopOrder.worstFirst
  package private(set) var grouping: Grouping?
  private var folding = Folding()

  /// What the cursor is on; nil if nothing is shown.
  private(set) var cursor: TopView.Target?
  /// The cursor's line, from 0.
  private(set) var cursorIndex = 0
  /// The first visible line of the table.
  private(set) var scroll = 0

  /// The marked connections, as they were when marked.
  package private(set) var marks: [ConnectionKey: PlanFile.Planned] = [:]
  /// The number of marked connections that are not shown.
  private(set) var hiddenMarks = 0
  /// The summary of the scan, computed once per scan.
  package private(set) var summary = ""
  /// The warnings about the scan.
  package private(set) var warnings: [String] = []
  var mode = Mode.table
  /// The first visible line of the open page.
  var pageScroll = 0
  /// A message shown until the next key.
  package var message: String?
  /// Whether input at the question was ignored, such as pasted text.
  var isAnswerIgnored = false
  /// Why the last scan failed; nil if it succeeded.
  package private(set) var failure: CommandFailure?

  /// The scan interval, in milliseconds.
  package private(set) var interval: UInt64
  private(set) var isPaused = false
  package private(set) var size: ScreenSize
  /// The number of plans requested, which identifies an outdated plan.
  private(set) var planNumber = 0

  /// What the screen shows.
  package enum Mode {
    case table
    /// The filter is being typed, above the table.
    case filter
    case help
    /// The details of a connection, from the last scan that listed it.
    case details(Connection, TopScan, isGone: Bool)
    /// The plan is being computed.
    case planning
    case question(Plan, ConnectionText)
    case closing(Plan)
    case outcomes(TopOutcomes)
  }

  /// An action that the model requests from its session.
  package enum Effect {
    /// Scan now.
    case scan
    /// Look up the names in this filter.
    case lookUp(String)
    /// Plan the closing of these connections.
    case plan([PlanFile.Planned], number: Int)
    /// Carry out the plan.
    case close(Plan)
    /// Redraw the screen.
    case redraw
    case quit
  }

  package init(size: ScreenSize, interval: UInt64, names: any NameResolver) {
    self.size = size
    self.interval = interval
    filter = TopFilter(names: names)
  }

  /// Whether a question is shown.
  package var asks: Bool {
    if case .question(let plan, _) = mode { !plan.closings.isEmpty } else { false }
  }

  // MARK: - Events

  mutating func resize(to size: ScreenSize) {
    self.size = size
    follow()
  }

  /// Handles a new scan.
  package mutating func take(_ scan: TopScan) {
    failure = nil
    rates.take(scan.snapshot, at: scan.start)
    if let earlier = self.scan, earlier.filter == scan.filter, !marks.isEmpty {
      // Unmark connections that are gone or no longer match: they are no longer visible.
      let keys = scan.snapshot.keys
      for connection in earlier.connections {
        let key = earlier.snapshot.key(of: connection)
        if !keys.contains(key) { marks[key] = nil }
      }
    }
    self.scan = scan
    if case .details(let connection, let seen, _) = mode {
      let key = seen.snapshot.key(of: connection)
      if let now = scan.connections.first(where: { scan.snapshot.key(of: $0) == key }) {
        mode = .details(now, scan, isGone: false)
      } else {
        // If the filter has changed, the connection may still exist.
        mode = .details(connection, seen, isGone: seen.filter == scan.filter)
      }
    }
    refresh()
  }

  /// Handles a failed scan; the previous one stays on the screen.
  mutating func fail(_ failure: CommandFailure) {
    self.failure = failure
    follow()
  }

  /// Handles the result of looking up the names in `text`.
  mutating func lookedUp(
    _ text: String, _ result: Result<SelectionPredicate, FilterProblem>
  ) -> [Effect] {
    let before = filter.applied
    filter.lookedUp(text, result)
    if filter.editor == nil, case .filter = mode { mode = .table }
    refresh()
    return filter.applied == before ? [] : [.scan]
  }

  /// Handles plan `number`, or the failure to make it.
  package mutating func planned(
    _ result: Result<Plan, CommandFailure>, text: ConnectionText?, number: Int
  ) {
    guard case .planning = mode, number == planNumber else { return }
    pageScroll = 0
    isAnswerIgnored = false
    switch result {
    case .success(let plan):
      mode = .question(
        plan,
        text ?? ConnectionText(snapshot: plan.snapshot, names: SystemNumbers(resolvesNames: false)))
    case .failure(let failure):
      mode = .outcomes(TopOutcomes(outcomes: [], reactions: [], text: nil, failure: failure))
    }
  }

  /// Handles the outcomes of a plan.
  package mutating func closed(_ outcomes: TopOutcomes) -> [Effect] {
    for outcome in outcomes.outcomes {
      if let text = outcomes.text {
        marks[text.snapshot.key(of: outcome.step.connection)] = nil
      }
    }
    countHiddenMarks()
    pageScroll = 0
    mode = .outcomes(outcomes)
    return [.scan]
  }

  /// The filter in effect, in addition to the command line's selection.
  package var wanted: (text: String, predicate: SelectionPredicate?) {
    (filter.applied, filter.predicate)
  }

  // MARK: - Actions

  mutating func setOrder(_ order: TopOrder) {
    self.order = order
    refresh()
  }

  mutating func cycleGrouping() {
    grouping =
      switch grouping {
      case nil: .process
      case .process: .peer
      case .peer: .unit
      default: nil
      }
    refresh()
  }

  mutating func toggleFolding(_ group: ConnectionGroup.Identity?) {
    if let group { folding.toggle(group) } else { folding.toggleAll() }
    refresh()
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
      countHiddenMarks()
    } else {
      mark(places, of: scan)
    }
  }

  mutating func markAllShown() {
    if let scan { mark(view.places, of: scan) }
  }

  mutating func unmarkAll() {
    marks = [:]
    countHiddenMarks()
  }

  private mutating func countHiddenMarks() {
    guard let scan, !marks.isEmpty else {
      hiddenMarks = marks.count
      return
    }
    hiddenMarks =
      marks.count
      - view.places.count { marks[scan.snapshot.key(of: scan.connections[Int($0)])] != nil }
  }

  private mutating func mark(_ places: [UInt32], of scan: TopScan) {
    for place in places {
      let connection = scan.connections[Int(place)]
      marks[scan.snapshot.key(of: connection)] = scan.planned(connection)
    }
    countHiddenMarks()
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

  /// Recomputes the table; the cursor stays on its connection or group.
  package mutating func refresh() {
    guard let scan else { return }
    let shown = filter.predicate.map(PreparedSelection.init)
    view = TopView(
      of: scan, by: grouping, in: order, rates, folded: folding,
      isShown: { connection in
        // The scan has already applied its own filter.
        guard let shown, filter.applied != scan.filter else { return true }
        return shown.verdict(
          of: connection, owners: scan.snapshot.ownerFacts(of: connection),
          past: scan.snapshot.past(of: connection)) == .yes
      })
    let summary = ListSummary(snapshot: scan.snapshot, shown: view.places.count)
    (self.summary, warnings) = (summary.line, summary.warnings + scan.notices)
    countHiddenMarks()
    let index = cursor.flatMap { view.index(of: $0, in: scan) }
    moveCursor(to: index ?? cursorIndex)
  }

  /// Scrolls so that the cursor is visible.
  package mutating func follow() {
    let page = max(1, tableHeight)
    scroll = min(scroll, max(0, view.entries.count - page), cursorIndex)
    scroll = max(0, scroll, cursorIndex - page + 1)
  }
}

extension TopScan {
  /// The reference to `connection` in a plan.
  package func planned(_ connection: Connection) -> PlanFile.Planned {
    PlanFile.Planned(
      connection: connection, networkNamespace: snapshot.key(of: connection).namespace)
  }
}
