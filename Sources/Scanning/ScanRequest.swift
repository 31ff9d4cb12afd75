public import Connections
internal import ProcessTable
public import Selection

/// The selection of a scan and the details to read.
public struct ScanRequest: Sendable {
  /// The connections to find.
  public let selection: PreparedSelection
  /// The details to read for each connection.
  public private(set) var details: Details
  /// The history of connections from earlier runs.
  public let past: PastConnections
  /// Whether the snapshot keeps connections with an unknown verdict.
  public let keepsUndecided: Bool
  /// The processes to read as possible owners; nil for all.
  let ownerConditions: OwnerConditions?

  /// A scan for `selection` that reads `details` and everything that the selection needs.
  ///
  /// - Parameter prunesOwners: whether to read only processes that the selection asks for. Other
  ///   owners of the same connections then stay unknown. To protect them, read all processes.
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
    if selection.needsCommands { details.insert(.commands) }
    self.selection = prepared
    self.details = details
  }

  /// Whether the selection can be judged without owners and cgroups.
  public var selectsWithoutOwners: Bool {
    !selection.needsOwners && !selection.needsControlGroups
  }

  /// The same request without owners and cgroups.
  var withoutOwners: ScanRequest {
    var request = self
    request.details.subtract([.commands, .controlGroups])
    return request
  }

  /// Details of a connection; each one makes the scan slower.
  public struct Details: OptionSet, Sendable {
    /// One bit per detail.
    public let rawValue: UInt8

    /// The details with these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The times and counters of `tcp_info`.
    public static let figures = Details(rawValue: 1)
    /// The congestion control algorithm.
    public static let congestion = Details(rawValue: 2)
    /// The owners and their programs, from `/proc`.
    public static let ownerNames = Details(rawValue: 4)
    /// The owners with all facts about them.
    public static let owners: Details = [.ownerNames, Details(rawValue: 16)]
    /// The cgroups of owners. If no owner is known, the cgroup in which the socket was created.
    public static let controlGroups = Details(rawValue: 8)
    /// All listening sockets, also those that are not selected.
    public static let listeners = Details(rawValue: 32)
    /// The owners with all facts about them and their command lines.
    public static let commands: Details = [.owners, Details(rawValue: 64)]
  }
}

extension ScanRequest.Details {
  /// The details to read for each owner.
  var ofOwners: OwnerDetails {
    if contains(.commands) { return .all }
    if contains(.owners) { return .facts }
    return contains(.controlGroups) ? [.program, .controlGroup] : .program
  }
}
