/// The capabilities of a process, of those that connreap can need.
///
/// A value, so that what follows from it can be tested without being root.
public struct HeldCapabilities: Sendable, Equatable {
  /// Those that the kernel checks against now.
  public let effective: Capabilities
  /// Those that the process may raise to effective.
  public let permitted: Capabilities

  /// These sets, whatever the process holds.
  public init(effective: Capabilities, permitted: Capabilities) {
    self.effective = effective
    self.permitted = permitted
  }

  /// What the calling thread holds now (cap_get_proc(3)).
  ///
  /// - Throws: ``PrivilegeProblem/capabilitiesUnreadable(_:)``.
  public static func current() throws(PrivilegeProblem) -> HeldCapabilities {
    let thread = try ThreadCapabilities()
    return HeldCapabilities(
      effective: try thread.set(.effective), permitted: try thread.set(.permitted))
  }
}
