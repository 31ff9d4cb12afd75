import Connections
import Selection
import SocketDiagnostics

/// The relevant rows of the dumps of one scan; rows that certainly do not match are dropped.
struct CollectedRows {
  private let selection: PreparedSelection
  private let past: PastConnections
  private let keepsUndecided: Bool
  private(set) var candidates: [Connection] = []
  private(set) var listeners: [Connection] = []
  private(set) var listed = 0
  private(set) var undecided = 0
  /// The number of candidates with an inode, which processes can hold.
  private(set) var heldCount = 0
  /// Whether the kernel omitted sockets in the selected states.
  private(set) var isPrunedByKernel = false
  private var namespace: UInt16 = 0
  /// The sockets in the next dump whose ports the kernel chose; nil if unknown.
  private var autobound: Set<SocketCookie>?
  /// In the current namespace.
  private var familiesWithListeners: Set<AddressFamily> = []
  private var seen = SparseSet()
  private var seenListeners = SparseSet()

  init(_ request: ScanRequest) {
    selection = request.selection
    past = request.past
    keepsUndecided = request.keepsUndecided || request.selection.needsOwners
  }

  /// Starts the namespace with this index.
  mutating func enter(namespace index: UInt16) {
    namespace = index
    familiesWithListeners = []
  }

  /// Sets which of the following rows have a port that the kernel chose.
  mutating func know(autobound cookies: Set<SocketCookie>?) {
    autobound = cookies
  }

  /// Adds a row of a dump if it can match.
  mutating func add(_ row: Connection) {
    var row = row
    row.namespace = namespace
    if let autobound { row.isAutobound = autobound.contains(row.cookie) }
    addListener(row)
    guard selection.stateMask.contains(row.state) else { return }
    listed += 1
    switch selection.verdict(of: row, owners: UnknownOwners(), past: past.past(of: row)) {
    case .no: return
    case .unknown where !keepsUndecided: undecided += 1
    case .unknown, .yes:
      guard seen.insert(row.cookie.rawValue) else { return }
      candidates.append(row)
      if row.inode != 0 { heldCount += 1 }
    }
  }

  /// Adds a listener, for its accept queue only.
  mutating func addListener(_ row: Connection) {
    guard row.state == .listen, seenListeners.insert(row.cookie.rawValue) else { return }
    var row = row
    row.namespace = namespace
    listeners.append(row)
  }

  /// Records that the dump for `request` is complete.
  mutating func finish(_ request: DumpRequest) {
    guard request.bytecode == nil else {
      isPrunedByKernel = true
      return
    }
    if request.states.contains(.listen) {
      familiesWithListeners.formUnion(request.families.members)
    }
  }

  /// Records that a dump was skipped because none of its sockets can match.
  mutating func skip(_ plan: DumpPlan) {
    if !plan.split.states.isEmpty { isPrunedByKernel = true }
  }

  /// Frees the memory that is needed only while rows are added.
  mutating func end() {
    seen = SparseSet()
    seenListeners = SparseSet()
  }

  /// The families whose listeners have not been listed.
  var familiesWithoutListeners: [AddressFamily] {
    AddressFamily.allCases.filter { !familiesWithListeners.contains($0) }
  }

  /// The families without listed listeners that have candidates in an accept queue.
  var familiesLackingListeners: [AddressFamily] {
    let waiting = Set(
      candidates.lazy
        .filter { $0.ownerless == .inAcceptQueue && $0.namespace == namespace }
        .map(\.identity.family))
    return familiesWithoutListeners.filter(waiting.contains)
  }
}

extension CollectedRows {
  /// The numbers of rows before a dump that may fail.
  struct Mark {
    fileprivate let candidates: Int
    fileprivate let listeners: Int
    fileprivate let listed: Int
    fileprivate let undecided: Int
  }

  /// The current numbers of rows.
  var mark: Mark {
    Mark(
      candidates: candidates.count, listeners: listeners.count, listed: listed,
      undecided: undecided)
  }

  /// Removes all rows added after `mark`.
  mutating func rewind(to mark: Mark) {
    candidates.removeSubrange(mark.candidates...)
    listeners.removeSubrange(mark.listeners...)
    (listed, undecided) = (mark.listed, mark.undecided)
    heldCount = candidates.count { $0.inode != 0 }
    seen = SparseSet()
    for row in candidates { seen.insert(row.cookie.rawValue) }
    seenListeners = SparseSet()
    for row in listeners { seenListeners.insert(row.cookie.rawValue) }
  }
}
