import Connections
package import Rendering
import Scanning

// Tables, with the columns that fit.
extension ConnectionList {
  /// Prints a table of the columns that were named, or else of `defaults` and the criteria of the
  /// selection. On a terminal, columns that do not fit are omitted.
  func printTable(
    orOf defaults: [ConnectionColumn], _ layout: Table.Layout, to stream: inout OutputStream
  ) throws(OutputProblem) {
    guard !connections.isEmpty else { return }
    if let columns { return try printTable(columns, layout, to: &stream) }
    var shown = self.columns(with: defaults)
    if layout.width != nil { shown = withoutEmptyColumns(shown) }
    try printTable(shown, layout, isFree: true, to: &stream)
  }

  /// Prints a table.
  ///
  /// - Parameter isFree: whether columns that do not fit may be omitted.
  package func printTable(
    _ columns: [ConnectionColumn], _ layout: Table.Layout, isFree: Bool = false,
    to output: inout OutputStream
  ) throws(OutputProblem) {
    guard layout.width != nil else { return try table(columns).print(layout, to: &output) }
    // Of many connections, measuring takes a while: it is done once.
    var widths = ColumnWidths(columns, table(columns).measuredWidths(for: layout))
    var list = self
    if columns.contains(.local), needsShorterEnds(columns, widths, layout) {
      list = shorteningListeners
      widths.replace(.local, list.table([.local]).measuredWidths(for: layout))
    }
    let shown = isFree ? list.fitting(columns, widths, layout) : columns
    try list.table(shown).print(layout, widths: widths.of(shown), to: &output)
  }

  /// `defaults` with the columns that the selection asks for, and those that tell apart what is
  /// listed.
  private func columns(with defaults: [ConnectionColumn]) -> [ConnectionColumn] {
    var columns = defaults
    var wanted = criteria
    if text.snapshot.hasHistory { wanted.append(.age) }
    if text.snapshot.namespaces.count > 1 { wanted.append(.networkNamespace) }
    for column in wanted where !columns.contains(column) {
      switch column {
      case .networkNamespace: columns.insert(column, at: 0)
      case .age, .stalled:
        let time = columns.lastIndex { [.idle, .inState, .age].contains($0) }
        columns.insert(column, at: time.map { $0 + 1 } ?? 0)
      default: columns.insert(column, at: columns.lastIndex(of: .process) ?? columns.count)
      }
    }
    return columns
  }

  /// `columns` without those that are empty for all connections, unless the selection asks for them.
  private func withoutEmptyColumns(_ columns: [ConnectionColumn]) -> [ConnectionColumn] {
    columns.filter { column in
      guard !criteria.contains(column) else { return true }
      return switch column {
      case .inState: connections.contains { $0.inStateAtLeast != nil }
      case .stalled: connections.contains { $0.hasDataInFlight == true }
      case .timer: connections.contains { $0.timer.kind != .off }
      case .unacknowledged: connections.contains { $0.tcp?.unacknowledged ?? 0 > 0 }
      case .totalRetransmits: connections.contains { $0.tcp?.totalRetransmits ?? 0 > 0 }
      case .unit: connections.contains { group(of: $0)?.unit != nil }
      case .container: connections.contains { group(of: $0)?.container != nil }
      case .pod: connections.contains { group(of: $0)?.pod != nil }
      default: true
      }
    }
  }

  private func group(of connection: Connection) -> ControlGroup? {
    text.snapshot.controlGroup(of: connection)
  }

  /// Whether the columns do not fit at their natural widths.
  private func needsShorterEnds(
    _ columns: [ConnectionColumn], _ widths: ColumnWidths, _ layout: Table.Layout
  ) -> Bool {
    !shortensListeners && table(columns).isTooWideAtRest(widths.of(columns), for: layout)
  }

  private var shortensListeners: Bool { text.shortensListeners }

  /// The same list with `:8080` as the local end of connections that a listener has accepted.
  private var shorteningListeners: ConnectionList {
    var text = text
    text.shortensListeners = true
    return ConnectionList(
      connections: connections, text: text, columns: columns, criteria: criteria)
  }

  /// The columns that fit the terminal.
  ///
  /// If there is too little room, empty queues are omitted, the send queue first. Next are the time
  /// in a state, the columns in ``ConnectionColumn/dispensable``, and then those that the selection
  /// asks for, the last first.
  private func fitting(
    _ columns: [ConnectionColumn], _ widths: ColumnWidths, _ layout: Table.Layout
  ) -> [ConnectionColumn] {
    var fitting = columns
    func isTooWide(leavingOwners minimum: Int? = nil) -> Bool {
      table(fitting, owners: minimum).isTooWide(widths.of(fitting).widest, for: layout)
    }
    for queue in [ConnectionColumn.sendQueue, .receiveQueue] where !criteria.contains(queue) {
      guard isTooWide(leavingOwners: Self.ampleOwnerWidth) else { return fitting }
      let isEmpty = !connections.contains {
        (queue == .sendQueue ? $0.sendQueue : $0.receiveQueue) > 0
      }
      if isEmpty { fitting.removeAll { $0 == queue } }
    }
    let essential: [ConnectionColumn] = [.state, .local, .peer, .idle, .process]
    let others = ([.inState] + ConnectionColumn.dispensable).filter { !criteria.contains($0) }
    for column in others + criteria.reversed() where !essential.contains(column) {
      guard isTooWide() else { return fitting }
      fitting.removeAll { $0 == column }
    }
    return fitting
  }

  /// A width that shows most owners up to their pid.
  private static let ampleOwnerWidth = 24

  /// - Parameter owners: the minimum width of the owner column; nil for the default.
  private func table(_ columns: [ConnectionColumn], owners: Int? = nil) -> Table {
    Table(
      columns: columns.map {
        Table.Column(
          title: $0.title, alignment: $0.isNumber ? .right : .left,
          minimumWidth: $0 == .process ? owners ?? $0.minimumWidth : $0.minimumWidth, cut: $0.cut,
          rank: $0.rank)
      },
      rowCount: connections.count,
      cell: { row, column, cell in
        text.append(columns[column], of: connections[row], to: &cell)
      },
      style: { row, column in
        columns[column] == .state ? connections[row].state.style : nil
      })
  }
}

/// The measured width of each column.
private struct ColumnWidths {
  private var widths: [ConnectionColumn: (widest: Int, typical: Int)] = [:]

  init(_ columns: [ConnectionColumn], _ measured: MeasuredWidths) {
    for (index, column) in columns.enumerated() {
      widths[column] = (measured.widest[index], measured.typical[index])
    }
  }

  /// Replaces the width of `column` by that of a table of it alone.
  mutating func replace(_ column: ConnectionColumn, _ measured: MeasuredWidths) {
    widths[column] = (measured.widest[0], measured.typical[0])
  }

  func of(_ columns: [ConnectionColumn]) -> MeasuredWidths {
    MeasuredWidths(
      widest: columns.map { widths[$0]?.widest ?? 0 },
      typical: columns.map { widths[$0]?.typical ?? 0 })
  }
}

extension TCPState {
  /// Highlights leaks, and dims connections that are closing.
  fileprivate var style: Style? {
    switch self {
    case .closeWait: .yellow
    case .timeWait, .lastAck, .closing, .finWait1, .finWait2: .dim
    default: nil
    }
  }
}
