public import Connections
import ProcessTable
public import Scanning

/// Decides which connections are never closed, whatever is selected.
public struct Guards: Sendable {
  /// The method that closes what is not spared.
  public let method: ClosingMethod

  private let caller: Caller
  private let namedStates: TCPStateSet
  private let protectedNames: Set<String>
  private let machineInit: Int32?
  private let onlyUser: UInt32?

  /// The programs whose connections are spared unless the caller unprotects them: the servers of
  /// OpenSSH and Dropbear.
  public static let protectedByDefault: Set<String> = [
    "sshd", "sshd-session", "sshd-auth", "dropbear",
  ]

  /// - Parameters:
  ///   - namedStates: the states that the caller named one by one. Listeners and connections without
  ///     an owner are closed only in these.
  ///   - unprotected: the members of ``protectedByDefault`` that the caller unprotects.
  ///   - machineInit: the pid of the machine's init; nil in a container, where pid 1 is the program.
  ///   - method: the closing method. Not every method can close every connection.
  ///   - onlyUser: the only user whose connections may be closed; nil for all users.
  public init(
    caller: Caller, namedStates: TCPStateSet, unprotected: Set<String>, machineInit: Int32?,
    method: ClosingMethod = .destroy, onlyUser: UInt32? = nil
  ) {
    self.method = method
    self.onlyUser = onlyUser
    self.caller = caller
    self.namedStates = namedStates
    self.machineInit = machineInit
    protectedNames = Self.protectedByDefault.filter { name in
      !unprotected.contains { name == $0 || name.hasPrefix($0 + "-") }
    }
  }

  /// Why `connection` of `snapshot` must not be closed; nil if it may.
  public func reasonToSpare(_ connection: Connection, in snapshot: Snapshot) -> SpareReason? {
    reasonToProtect(connection, in: snapshot) ?? reasonToSpareByMethod(connection, in: snapshot)
  }

  private func reasonToProtect(_ connection: Connection, in snapshot: Snapshot) -> SpareReason? {
    if caller.sessions.contains(where: { $0.isEnd(of: connection) }) { return .callersSession }
    if let onlyUser, !isHeld(connection, by: onlyUser, in: snapshot) { return .ofOtherUser }
    if connection.isMPTCPSubflow, !endsMPTCP(by: connection) { return .mptcpSubflow }
    if connection.state == .boundInactive { return .notConnected }
    if connection.state == .listen, !namedStates.contains(.listen) { return .listener }
    switch snapshot.attribution(of: connection) {
    case .minisocket: return namedStates.contains(connection.state) ? nil : .minisocket
    case .orphan: return namedStates.contains(connection.state) ? nil : .orphan
    case .inAcceptQueue: return .inAcceptQueue
    case .unknown, .notRead:
      if connection.ownerless == .inAcceptQueue { return .inAcceptQueue }
      // Unprotecting a name lifts no other guard: the unknown owner may be an ancestor.
      return .ownerUnknown
    case .held(let holdings):
      return reasonToSpareByOwner(holdings, in: snapshot)
        ?? snapshot.viewLimits.first.map(SpareReason.ownerHidden)
    }
  }

  /// Whether the socket and all its known holders belong to `user`.
  private func isHeld(
    _ connection: Connection, by user: UInt32, in snapshot: Snapshot
  ) -> Bool {
    let holders = snapshot.holders(of: connection)
    return connection.userID == user && !holders.isEmpty
      && holders.allSatisfy { $0.userID == user }
  }

  private func reasonToSpareByOwner(
    _ holdings: ArraySlice<Holding>, in snapshot: Snapshot
  ) -> SpareReason? {
    guard let owners = snapshot.owners else { return .ownerUnknown }
    var last: UInt32?
    for holding in holdings where holding.process != last {
      last = holding.process
      if let reason = reasonToSpare(heldBy: owners.process(of: holding)) { return reason }
    }
    return nil
  }

  /// Why a connection held by `holder` must not be closed; nil if it may.
  private func reasonToSpare(heldBy holder: OwnerProcess) -> SpareReason? {
    if holder.pid == caller.process.pid { return .ownProcess }
    if caller.ancestors.contains(where: { $0.pid == holder.pid }) {
      return .ancestor(pid: holder.pid)
    }
    if let support = caller.supporters[holder.pid] {
      return .supportsSession(support, pid: holder.pid)
    }
    if holder.pid == machineInit { return .machineInit }
    if let name = protectedName(of: holder) { return .protectedName(name, pid: holder.pid) }
    return holder.name == nil ? .ownerUnknown : nil
  }

  /// The protected name of `holder`, from its command name or its executable.
  private func protectedName(of holder: OwnerProcess) -> String? {
    if let name = holder.name?.exactText, protectedNames.contains(name) { return name }
    guard let executable = holder.executable else { return nil }
    return protectedNames.first { executable.hasLastComponent($0) }
  }

  /// Whether `process`, as an owner, would be a reason to spare a connection.
  func mayAffect(_ process: OwnerProcess) -> Bool {
    if let onlyUser, process.userID != onlyUser { return true }
    return reasonToSpare(heldBy: process) != nil
  }

  /// The facts that ``mayAffect(_:)`` needs, besides the name.
  var relevantDetails: OwnerDetails { onlyUser == nil ? .program : [.program, .user] }
}
