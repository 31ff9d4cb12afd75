package import Connections
package import Operations
package import Presentation
package import Reaping
import Reports
import Scanning
package import Screens
package import Selection

/// The live view as a value: what keys, scans and the ends of closings make of it, and what it
/// looks like. It knows no terminal, no clock and no kernel.
package struct TopModel {
  /// The last scan; nil before the first.
  package private(set) var scan: TopScan?
  package private(set) var rates = TransferRates()
  private(set) var view = TopView()
  package var filter: TopFilter
  package private(set) var order = TopOrder.worstFirst
  package private(set) var grouping: Grouping?
  private var folding = Folding()

  /// What the cursor stands on; nil when nothing is shown.
  private(set) var cursor: TopView.Target?
  /// Its line, from 0.
  private(set) var cursorIndex = 0
  /// The first line of the table that is on the screen.
  private(set) var scroll = 0

  /// The connections that are marked, as they were when they were.
  package private(set) var marks: [ConnectionKey: PlanFile.Planned] = [:]
  /// How many of them are not among those that are shown.
  private(set) var hiddenMarks = 0
  /// What is to be said of the scan as a whole, worked out once for each.
  package private(set) var summary = ""
  package private(set) var warnings: [String] = []
  var mode = Mode.table
  /// How far the page that is open is scrolled.
  var pageScroll = 0
  /// What the user should know, until the next key.
  package var message: String?
  /// Whether something was entered at the question that is no answer, such as pasted text.
  var isAnswerIgnored = false
  /// Why the last scan failed; nil when it did not.
  package private(set) var failure: CommandFailure?

  /// The time from scan to scan, in milliseconds.
  package private(set) var interval: UInt64
  private(set) var isPaused = false
  package private(set) var size: ScreenSize
  /// Counts the plans that were asked for, so that one that is not wanted any more is known.
  private(set) var planNumber = 0

  /// What fills the screen.
  package enum Mode {
    case table
    /// The filter is being typed, above the table.
    case filter
    case help
    /// All that is known of one connection, of the last scan that had it.
    case details(Connection, TopScan, isGone: Bool)
    /// The plan is being made.
    case planning
    case question(Plan, ConnectionText)
    case closing(Plan)
    case outcomes(TopOutcomes)
  }

  /// What the model wants done outside.
  package enum Effect {
    /// Scan now.
    case scan
    /// Look up the names in this filter.
    case lookUp(String)
    /// Make the plan to close these.
    case plan([PlanFile.Planned], number: Int)
    /// Carry it out.
    case close(Plan)
    /// Draw all again.
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

  // MARK: what comes from outside

  mutating func resize(to size: ScreenSize) {
    self.size = size
    follow()
  }

  /// Takes what a scan brought.
  package mutating func take(_ scan: TopScan) {
    failure = nil
    rates.take(scan.snapshot, at: scan.start)
    if let earlier = self.scan, earlier.filter == scan.filter, !marks.isEmpty {
      // Gone, or no longer what is looked for: what one does not see should not stay marked.
      let there = scan.snapshot.keys
      for connection in earlier.connections {
        let key = earlier.snapshot.key(of: connection)
        if !there.contains(key) { marks[key] = nil }
      }
    }
    self.scan = scan
    if case .details(let connection, let seen, _) = mode {
      let key = seen.snapshot.key(of: connection)
      if let now = scan.connections.first(where: { scan.snapshot.key(of: $0) == key }) {
        mode = .details(now, scan, isGone: false)
      } else {
        // A filter that has changed meanwhile says nothing of the connection.
        mode = .details(connection, seen, isGone: seen.filter == scan.filter)
      }
    }
    refresh()
  }

  /// Takes that a scan failed: what is shown stays.
  mutating func fail(_ failure: CommandFailure) {
    self.failure = failure
    follow()
  }

  /// Takes what looking up the names in `text` gave.
  mutating func lookedUp(
    _ text: String, _ result: Result<SelectionPredicate, FilterProblem>
  ) -> [Effect] {
    let before = filter.applied
    filter.lookedUp(text, result)
    if filter.editor == nil, case .filter = mode { mode = .table }
    refresh()
    return filter.applied == before ? [] : [.scan]
  }

  /// Takes the plan with this number, or why there is none.
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

  /// Takes what came of a closing.
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

  /// What is looked for, beside what the command line says.
  package var wanted: (text: String, predicate: SelectionPredicate?) {
    (filter.applied, filter.predicate)
  }

  // MARK: what keys change

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

  /// The times from scan to scan that `+` and `-` choose from, in milliseconds.
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

  /// Moves the cursor so many lines, as far as there are any.
  package mutating func move(by lines: Int) { stand(on: cursorIndex + lines) }

  /// Puts the cursor on a line, or the nearest that there is.
  package mutating func stand(on index: Int) {
    cursorIndex = max(0, min(index, view.entries.count - 1))
    cursor = scan.flatMap { view.target(at: cursorIndex, in: $0) }
    follow()
  }

  /// Marks what the cursor stands on, a group with all in it, or takes the mark away.
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

  /// Asks for the plan to close what is marked or, when nothing is, what the cursor stands on.
  package mutating func plan() -> [Effect] {
    guard let scan else { return [] }
    var chosen = Array(marks.values)
    if chosen.isEmpty, view.entries.indices.contains(cursorIndex),
      case .connection(let place) = view.entries[cursorIndex]
    {
      chosen = [scan.planned(scan.connections[place])]
    }
    guard !chosen.isEmpty else {
      message = "nothing is marked; space marks what the cursor is on"
      return []
    }
    return plan(chosen)
  }

  /// Asks for the plan to close this one.
  package mutating func plan(for connection: PlanFile.Planned) -> [Effect] { plan([connection]) }

  private mutating func plan(_ chosen: [PlanFile.Planned]) -> [Effect] {
    planNumber += 1
    mode = .planning
    return [.plan(chosen, number: planNumber)]
  }

  /// Opens what is known of the connection under the cursor, or folds the group.
  package mutating func open() {
    guard let scan, view.entries.indices.contains(cursorIndex) else { return }
    switch view.entries[cursorIndex] {
    case .group(let index): toggleFolding(view.groups[index].group.identity)
    case .connection(let place):
      pageScroll = 0
      mode = .details(scan.connections[place], scan, isGone: false)
    }
  }

  /// Works out again what is shown; the cursor stays on what it is on.
  package mutating func refresh() {
    guard let scan else { return }
    let shown = filter.predicate.map(PreparedSelection.init)
    view = TopView(
      of: scan, by: grouping, in: order, rates, folded: folding,
      isShown: { connection in
        // What the scan was made with was judged there.
        guard let shown, filter.applied != scan.filter else { return true }
        return shown.verdict(
          of: connection, owners: scan.snapshot.ownerFacts(of: connection),
          past: scan.snapshot.past(of: connection)) == .yes
      })
    let summary = ListSummary(snapshot: scan.snapshot, shown: view.places.count)
    (self.summary, warnings) = (summary.line, summary.warnings + scan.notices)
    countHiddenMarks()
    let place = cursor.flatMap { view.index(of: $0, in: scan) }
    stand(on: place ?? cursorIndex)
  }

  /// Scrolls so that the cursor is on the screen.
  package mutating func follow() {
    let page = max(1, tableHeight)
    scroll = min(scroll, max(0, view.entries.count - page), cursorIndex)
    scroll = max(0, scroll, cursorIndex - page + 1)
  }
}

extension TopScan {
  /// What names `connection` to a plan.
  package func planned(_ connection: Connection) -> PlanFile.Planned {
    PlanFile.Planned(
      connection: connection, networkNamespace: snapshot.key(of: connection).namespace)
  }
}

/// What came of a closing, or why there was none.
package struct TopOutcomes: Sendable {
  package let outcomes: [Outcome]
  /// What the owners of the closed connections did afterwards.
  package let reactions: [OwnerReaction]
  package let text: ConnectionText?
  package let failure: CommandFailure?
}
