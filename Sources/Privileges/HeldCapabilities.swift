/// The capabilities of a process, limited to those that connreap can need.
///
/// A value, so that tests do not need root.
public struct HeldCapabilities: Sendable, Equatable {
  /// The capabilities that the kernel checks.
  public let effective: Capabilities
  /// The capabilities that the process can make effective.
  public let permitted: Capabilities

  /// Creates a value from explicit sets.
  public init(effective: Capabilities, permitted: Capabilities) {
    self.effective = effective
    self.permitted = permitted
  }

  /// Reads the capabilities of the calling thread (cap_get_proc(3)).
  ///
  /// - Throws: ``PrivilegeProblem/capabilitiesUnreadable(_:)``.
  public static func current() throws(PrivilegeProblem) -> HeldCapabilities {
    let thread = try ThreadCapabilities()
    return HeldCapabilities(
      effective: try thread.set(.effective), permitted: try thread.set(.permitted))
  }
}
