import Connections
import Scanning

// What a method cannot do, whoever asks.
extension Guards {
  /// Why `connection`, which nothing else protects, cannot be closed by the method.
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

  /// Whether the method ends an MPTCP connection as a whole when it is used on this subflow of it.
  func endsMPTCP(by subflow: Connection) -> Bool {
    method == .shutdown && subflow.state.isSynchronized
  }
}
