import Connections
import Selection
import SocketDiagnostics

/// The rows of the dumps of one scan that can matter: what is certainly not selected is dropped
/// as it comes.
struct CollectedRows {
  private let selection: PreparedSelection
  private let past: PastConnections
  private let keepsUndecided: Bool
  private(set) var candidates: [Connection] = []
  private(set) var listeners: [Connection] = []
  private(set) var listed = 0
  private(set) var undecided = 0
  /// How many of the candidates a process holds.
  private(set) var heldCount = 0
  /// Whether the kernel left out sockets in the states of the selection.
  private(set) var isPrunedByKernel = false
  private var namespace: UInt16 = 0
  /// The sockets of the dump to come whose ports the kernel chose; nil when it was not asked.
  private var autobound: Set<SocketCookie>?
  /// Of the namespace that is listed now.
  private var familiesWithListeners: Set<AddressFamily> = []
  private var seen = CookieSet()
  private var seenListeners = CookieSet()

  init(_ request: ScanRequest) {
    selection = request.selection
    past = request.past
    keepsUndecided = request.keepsUndecided || request.selection.needsOwners
  }

  /// The rows from here on are of the namespace with this index.
  mutating func enter(namespace index: UInt16) {
    namespace = index
    familiesWithListeners = []
  }

  /// Of the rows from here on, these are the ones whose ports the kernel chose.
  mutating func know(autobound cookies: Set<SocketCookie>?) {
    autobound = cookies
  }

  /// Takes a row of a dump for the selection.
  mutating func add(_ row: Connection) {
    var row = row
    row.namespace = namespace
    if let autobound { row.isAutobound = autobound.contains(row.cookie) }
    addListener(row)
    guard selection.stateMask.contains(row.state) else { return }
    listed += 1
    switch selection.verdict(of: row, owners: OwnersUnknown(), past: past.past(of: row)) {
    case .no: return
    case .unknown where !keepsUndecided: undecided += 1
    case .unknown, .yes:
      guard seen.insert(row.cookie) else { return }
      candidates.append(row)
      if row.inode != 0 { heldCount += 1 }
    }
  }

  /// Takes a row for its accept queue alone.
  mutating func addListener(_ row: Connection) {
    guard row.state == .listen, seenListeners.insert(row.cookie) else { return }
    var row = row
    row.namespace = namespace
    listeners.append(row)
  }

  /// The kernel listed everything that `request` asks for.
  mutating func finish(_ request: DumpRequest) {
    guard request.bytecode == nil else {
      isPrunedByKernel = true
      return
    }
    if request.states.contains(.listen) {
      familiesWithListeners.formUnion(request.families.members)
    }
  }

  /// A family was not listed, since the kernel would have left out all of it.
  mutating func skip(_ plan: DumpPlan) {
    if !plan.split.states.isEmpty { isPrunedByKernel = true }
  }

  /// No more rows will come: what only they need is given back.
  mutating func end() {
    seen = CookieSet()
    seenListeners = CookieSet()
  }

  /// The families whose listeners were not listed yet.
  var familiesWithoutListeners: [AddressFamily] {
    AddressFamily.allCases.filter { !familiesWithListeners.contains($0) }
  }

  /// The families of the candidates that wait in the accept queues of listeners not listed yet.
  var familiesLackingListeners: [AddressFamily] {
    let waiting = Set(
      candidates.lazy
        .filter { $0.ownerless == .inAcceptQueue && $0.namespace == namespace }
        .map(\.identity.family))
    return familiesWithoutListeners.filter(waiting.contains)
  }
}

extension CollectedRows {
  /// How much there is before a dump that may fail.
  struct Mark {
    fileprivate let candidates: Int
    fileprivate let listeners: Int
    fileprivate let listed: Int
    fileprivate let undecided: Int
  }

  var mark: Mark {
    Mark(
      candidates: candidates.count, listeners: listeners.count, listed: listed,
      undecided: undecided)
  }

  /// Forgets what came after `mark`.
  mutating func goBack(to mark: Mark) {
    candidates.removeSubrange(mark.candidates...)
    listeners.removeSubrange(mark.listeners...)
    (listed, undecided) = (mark.listed, mark.undecided)
    heldCount = candidates.count { $0.inode != 0 }
    seen = CookieSet(candidates.lazy.map(\.cookie))
    seenListeners = CookieSet(listeners.lazy.map(\.cookie))
  }
}
