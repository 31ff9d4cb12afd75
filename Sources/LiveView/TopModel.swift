package import Connections
package import Operations
package import Presentation
package import Reaping
import Reports
import Scanning
package import Screens
package import Selection

/// The state of the live view as a value, changed by input, scans and outcomes.
///
/// It has no access to the terminal, the clock or the kernel.
package struct TopModel {
  /// The last scan; nil before the first.
  package private(set) var scan: TopScan?
  package private(set) var rates = TransferRates()
  private(set) var trends = TopTrends()
  /// The filter and grouping that ``trends`` belong to.
  private var trendsSubject: TrendsSubject?
  var view = TopView()
  package var filter: TopFilter
  /// The order of connections.
  package var order = TopOrder.worstFirst
  /// The order of groups.
  package var groupOrder = TopGroupOrder.worstFirst
  package var grouping: Grouping?
  var folding = Folding()
  /// The columns that the user chose; nil for as many as fit.
  var chosenColumns: Set<TopColumn>?
  var chosenGroupColumns: Set<TopGroupColumn>?

  /// What the cursor is on; nil if nothing is shown.
  var cursor: TopView.Target?
  /// The cursor's line, from 0.
  var cursorIndex = 0
  /// The first visible line of the table.
  var scroll = 0
  /// The group that the details pane shows.
  var paneGroup: (identity: ConnectionGroup.Identity, summary: TopGroupSummary)?

  /// The marked connections, as they were when marked.
  package var marks: [ConnectionKey: PlanFile.Planned] = [:]
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
  /// What has been typed at a question that asks for a number.
  var typedNumber = LineEditor("")
  /// Why the last scan failed; nil if it succeeded.
  package private(set) var failure: CommandFailure?

  /// The scan interval, in milliseconds.
  package var interval: UInt64
  /// The time between scans that the limit on processor time allows, if it exceeds the interval.
  package var pace: Duration?
  var isPaused = false
  var usesMouse = true
  package private(set) var size: ScreenSize
  /// The number of plans requested, which identifies an outdated plan.
  var planNumber = 0
  /// A plan that closes more needs its number typed (`--max`).
  let maximum: Int

  private struct TrendsSubject: Equatable {
    let filter: String
    let grouping: Grouping?
  }

  /// What the screen shows.
  package enum Mode {
    case table
    /// The filter is being typed, above the table.
    case filter
    /// A list of columns or orders, beside the table.
    case menu(TopMenu)
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
    /// Copy this text to the terminal's clipboard.
    case copy(String)
    /// Turn the mouse on or off.
    case useMouse(Bool)
    /// Redraw the screen.
    case redraw
    case quit
  }

  /// Creates the view.
  ///
  /// - Parameter maximum: the value of `--max`.
  package init(
    size: ScreenSize, interval: UInt64, names: any NameResolver,
    grouping: Grouping? = defaultGrouping, maximum: Int = .max
  ) {
    self.size = size
    self.interval = interval
    self.grouping = grouping
    self.maximum = maximum
    filter = TopFilter(names: names)
  }

  /// The grouping at the start.
  package static let defaultGrouping = Grouping.program

  /// Whether a question is shown.
  package var asks: Bool {
    if case .question(let plan, _) = mode { !plan.closings.isEmpty } else { false }
  }

  /// The number to type as the answer to the question; nil if `y` is the answer.
  package var numberToType: Int? {
    guard case .question(let plan, _) = mode, plan.closings.count > maximum else { return nil }
    return plan.closings.count
  }

  // MARK: - Events

  mutating func resize(to size: ScreenSize) {
    self.size = size
    follow()
  }

  /// Handles a new scan.
  package mutating func take(_ scan: TopScan) {
    failure = nil
    let isSameFilter = self.scan.map { $0.filter == scan.filter } ?? true
    rates.take(scan.snapshot, at: scan.start, isStart: !isSameFilter)
    if let earlier = self.scan, isSameFilter, !marks.isEmpty {
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
    refresh(isNewScan: true)
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
    let before = filter.expression
    filter.lookedUp(text, result)
    if filter.editor == nil, case .filter = mode { mode = .table }
    refresh()
    return filter.expression == before ? [] : [.scan]
  }

  /// Handles plan `number`, or the failure to make it.
  package mutating func planned(
    _ result: Result<Plan, CommandFailure>, text: ConnectionText?, number: Int
  ) {
    guard case .planning = mode, number == planNumber else { return }
    pageScroll = 0
    isAnswerIgnored = false
    typedNumber = LineEditor("")
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
    countMarks()
    pageScroll = 0
    mode = .outcomes(outcomes)
    return [.scan]
  }

  /// Ignores input at the question, such as pasted text.
  package mutating func ignoreAnswer() {
    isAnswerIgnored = true
    typedNumber = LineEditor("")
  }

  /// The filter that scans apply, in addition to the command line's selection.
  package var wanted: (text: String, predicate: SelectionPredicate?) {
    (filter.expression, filter.predicate)
  }

  // MARK: - Derived state

  /// Recomputes the table; the cursor stays on its connection or group.
  package mutating func refresh(isNewScan: Bool = false) {
    guard let scan else { return }
    view = TopView(
      of: scan, by: grouping, in: order, rates, folded: folding, isShown: filterTest(of: scan))
    let subject = TrendsSubject(filter: filter.applied, grouping: grouping)
    if subject != trendsSubject { (trends, trendsSubject) = (TopTrends(), subject) }
    // A scan with another filter may lack connections of this one.
    if scan.filter == filter.expression, isNewScan || trends.isEmpty {
      trends.take(view.groups, at: scan.start)
    }
    let summary = ListSummary(snapshot: scan.snapshot, shown: view.places.count)
    (self.summary, warnings) = (summary.line, summary.warnings + scan.notices)
    countMarks()
    paneGroup = nil
    arrange()
  }

  /// Sorts the groups, and lists the lines of the table.
  mutating func arrange() {
    view.arrange(by: groupOrder, trends, isGrouped: grouping != nil)
    let index = scan.flatMap { scan in cursor.flatMap { view.index(of: $0, in: scan) } }
    moveCursor(to: index ?? cursorIndex)
  }

  /// Whether the filter shows a connection of `scan`.
  private func filterTest(of scan: TopScan) -> (UInt32) -> Bool {
    if let word = filter.word {
      var search = TopSearch(word, in: scan)
      return { search.matches($0) }
    }
    // The scan has already applied its own filter.
    guard let predicate = filter.predicate, filter.applied != scan.filter else {
      return { _ in true }
    }
    let shown = PreparedSelection(predicate)
    return { place in
      let connection = scan.connections[Int(place)]
      return shown.verdict(
        of: connection, owners: scan.snapshot.ownerFacts(of: connection),
        past: scan.snapshot.past(of: connection)) == .yes
    }
  }

  /// Counts the marked connections of each group, and those that are not shown.
  mutating func countMarks() {
    hiddenMarks = marks.count
    guard let scan, !marks.isEmpty else { return view.clearMarks() }
    func isMarked(_ place: UInt32) -> Bool {
      marks[scan.snapshot.key(of: scan.connections[Int(place)])] != nil
    }
    hiddenMarks -= view.places.count(where: isMarked)
    view.countMarks(isMarked)
  }

  /// Scrolls so that the cursor is visible.
  package mutating func follow() {
    let page = max(1, tableHeight)
    scroll = min(scroll, max(0, view.entries.count - page), cursorIndex)
    scroll = max(0, scroll, cursorIndex - page + 1)
    updatePane()
  }
}

extension TopScan {
  /// The reference to `connection` in a plan.
  package func planned(_ connection: Connection) -> PlanFile.Planned {
    PlanFile.Planned(
      connection: connection, networkNamespace: snapshot.key(of: connection).namespace)
  }
}
