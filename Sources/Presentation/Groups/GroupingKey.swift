package import Connections

/// What the connections of a group have in common.
package enum GroupingKey: Hashable {
  /// The process with this index in the snapshot's owners.
  case process(UInt32)
  /// The program of such a process.
  case program(Program)
  /// The peer's address.
  case peer(GroupedEnd)
  case localPort(UInt16)
  /// The local end of the listener that accepted them.
  case listener(GroupedEnd)
  case user(UInt32)
  case unit(KernelName)
  case container(Container)
  case pod(Pod)
  /// The network namespace with this index in the snapshot.
  case namespace(UInt16)
  case state(TCPState)
  /// No such property.
  case none(Reason)

  /// Why a connection has no such property.
  package enum Reason: Hashable {
    case ownerUnknown
    case ownerless(Ownerless?)
    case noPeer
    case noListener
    case noUnit
    case noContainer
    case noPod

    /// The reason as a group's label.
    package var text: String {
      switch self {
      case .ownerUnknown, .ownerless(nil): "owner unknown"
      case .ownerless(.inAcceptQueue): "in an accept queue"
      case .ownerless(.minisocket): "no process: kernel only"
      case .ownerless(.orphan): "no process: orphans"
      case .noPeer: "no peer"
      case .noListener: "no listener"
      case .noUnit: "in no known unit"
      case .noContainer: "in no known container"
      case .noPod: "in no known pod"
      }
    }
  }
}
