public import Connections
public import Selection
public import SocketDiagnostics

/// What is asked of the kernel in a scan for the sockets of one family.
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
  /// What is asked for each family.
  public var dumps: [DumpPlan] {
    AddressFamily.allCases.map { DumpPlan(self, family: $0) }
  }

  /// The requests that carry out `dumps`: one for both families where the same is asked for them.
  static func requests(for dumps: [DumpPlan]) -> [DumpRequest] {
    let requests = dumps.compactMap(\.request)
    guard requests.count > 1, let first = requests.first,
      requests.allSatisfy({ first.asksTheSame(as: $0) })
    else { return requests }
    return [
      DumpRequest(
        families: .both, states: first.states, details: first.details, bytecode: first.bytecode)
    ]
  }

  fileprivate var dumpDetails: DumpRequest.Details {
    var dumpDetails: DumpRequest.Details = []
    if details.contains(.figures) { dumpDetails.insert(.figures) }
    if details.contains(.congestion) { dumpDetails.insert(.congestion) }
    return dumpDetails
  }
}

extension DumpRequest {
  fileprivate func asksTheSame(as other: DumpRequest) -> Bool {
    states == other.states && details == other.details && bytecode == other.bytecode
  }

  /// The family whose sockets it lists; nil for both.
  var onlyFamily: AddressFamily? {
    if case .only(let family) = families { family } else { nil }
  }
}
