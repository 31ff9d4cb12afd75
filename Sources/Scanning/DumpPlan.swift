public import Connections
public import Selection
public import SocketDiagnostics

/// One dump of a scan: what is asked of the kernel for the sockets of one family.
public struct DumpPlan: Equatable, Sendable {
  /// The part of the selection that the kernel judges.
  public let split: SelectionSplit
  /// What is asked for beside the plain rows.
  public let details: DumpRequest.Details
  /// The kernel's program for the condition; nil when there is nothing for it to decide.
  ///
  /// A kernel that refuses it gets a weaker one.
  public let program: InetDiagBytecode?

  /// The dump for `request` of the sockets of `family`.
  public init(_ request: ScanRequest, family: AddressFamily) {
    split = SelectionSplit(of: request.selection.predicate, family: family)
    details = request.dumpDetails
    program = split.selectsNothing ? nil : InetDiagBytecode(split.condition)
  }

  /// What the kernel is asked; nil when no socket of the family can be selected.
  public var request: DumpRequest? {
    guard !split.selectsNothing else { return nil }
    return DumpRequest(
      family: split.family, states: split.states, details: details, bytecode: program)
  }
}

extension ScanRequest {
  /// The dumps that it takes, one a family.
  public var dumps: [DumpPlan] {
    AddressFamily.allCases.map { DumpPlan(self, family: $0) }
  }

  fileprivate var dumpDetails: DumpRequest.Details {
    var dumpDetails: DumpRequest.Details = []
    if details.contains(.figures) { dumpDetails.insert(.figures) }
    if details.contains(.congestion) { dumpDetails.insert(.congestion) }
    return dumpDetails
  }
}
