public import Connections
internal import ProcessTable
public import Selection

/// What a scan looks for, and what it reads beside.
public struct ScanRequest: Sendable {
  /// Which connections.
  public let selection: PreparedSelection
  /// What is read of each.
  public let details: Details
  /// What earlier runs know of connections.
  public let past: PastConnections
  /// Whether connections stay in the snapshot for which the selection cannot be decided.
  public let keepsUndecided: Bool
  /// The processes that are looked at for owners; nil for all of them.
  let ownerConditions: OwnerConditions?

  /// A scan for `selection` that reads what the selection needs, and `details`.
  ///
  /// - Parameter prunesOwners: whether only processes are looked at that the selection asks for. Of
  ///   a connection that other processes hold too, those are not known then: what must not harm
  ///   them needs all.
  public init(
    _ selection: SelectionPredicate, reading details: Details, keepsUndecided: Bool = false,
    prunesOwners: Bool = false, past: PastConnections = .unknown
  ) {
    self.past = past
    self.keepsUndecided = keepsUndecided
    ownerConditions = prunesOwners ? OwnerConditions(selection) : nil
    let prepared = PreparedSelection(selection)
    var details = details
    if prepared.needsOwners { details.insert(.owners) }
    if prepared.needsControlGroups { details.insert(.controlGroups) }
    if prepared.needsFigures { details.insert(.figures) }
    self.selection = prepared
    self.details = details
  }

  /// What is read of each connection. Each costs time.
  public struct Details: OptionSet, Sendable {
    /// One bit a detail.
    public let rawValue: UInt8

    /// The details whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The times and counters of `tcp_info`.
    public static let figures = Details(rawValue: 1)
    /// The congestion control algorithm.
    public static let congestion = Details(rawValue: 2)
    /// The processes that hold it and their command names, from `/proc`.
    public static let ownerNames = Details(rawValue: 4)
    /// The processes that hold it, and all that is to be known of them.
    public static let owners: Details = [.ownerNames, Details(rawValue: 16)]
    /// The cgroup in which it was made, from the folders of the hierarchy, where no owner tells.
    public static let controlGroups = Details(rawValue: 8)
    /// The listening sockets, whatever is selected, to tell which connection is whose.
    public static let listeners = Details(rawValue: 32)
  }
}

extension ScanRequest.Details {
  /// What is read of each owner.
  var ofOwners: OwnerDetails {
    if contains(.owners) { return .all }
    return contains(.controlGroups) ? .controlGroup : []
  }
}
