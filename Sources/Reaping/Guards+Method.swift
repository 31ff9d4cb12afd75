import Connections
import Scanning

// What a method cannot close.
extension Guards {
  /// Why the method cannot close `connection`; nil if it can.
  func reasonToSpareByMethod(
    _ connection: Connection, in snapshot: Snapshot
  ) -> SpareReason? {
    guard method != .destroy else { return nil }
    guard case .held = snapshot.attribution(of: connection) else { return .noDescriptor }
    switch (method, connection.state) {
    case (.shutdown, .finWait1), (.shutdown, .finWait2), (.shutdown, .closing),
      (.shutdown, .lastAck):
      return .alreadyShutDown(connection.state)
    case (.keepalive, let state) where !state.isSynchronized: return .noPeerToProbe(state)
    default: return nil
    }
  }

  /// Whether the method, used on this subflow, closes the whole MPTCP connection.
  func endsMPTCP(by subflow: Connection) -> Bool {
    method == .shutdown && subflow.state.isSynchronized
  }
}
