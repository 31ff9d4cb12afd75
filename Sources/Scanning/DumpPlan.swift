public import Connections
public import Selection
public import SocketDiagnostics

/// The dump of the sockets of one family in a scan.
public struct DumpPlan: Equatable, Sendable {
  /// The part of the selection that the kernel evaluates.
  public let split: SelectionSplit
  /// The details to request in addition to the plain rows.
  public let details: DumpRequest.Details
  /// The kernel's program for the condition; nil if the condition is always true or always false.
  ///
  /// If the kernel rejects it, a weaker program is used.
  public let program: InetDiagBytecode?

  /// Plans the dump of the sockets of `family` for `request`.
  public init(_ request: ScanRequest, family: AddressFamily) {
    split = SelectionSplit(of: request.selection.predicate, family: family)
    details = request.dumpDetails
    program = split.selectsNothing ? nil : InetDiagBytecode(split.condition)
  }

  /// The request to the kernel; nil if no socket of the family can match.
  public var request: DumpRequest? {
    guard !split.selectsNothing else { return nil }
    return DumpRequest(
      family: split.family, states: split.states, details: details, bytecode: program)
  }
}

extension ScanRequest {
  /// The planned dump for each family.
  public var dumps: [DumpPlan] {
    AddressFamily.allCases.map { DumpPlan(self, family: $0) }
  }

  /// The requests for `dumps`; identical requests for both families become one.
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

  /// The only family that it lists; nil if it lists both.
  var onlyFamily: AddressFamily? {
    if case .only(let family) = families { family } else { nil }
  }
}
