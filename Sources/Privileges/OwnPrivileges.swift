/// Drops and raises capabilities of the calling thread. Threads that it starts inherit them.
public enum OwnPrivileges {
  /// Prevents this thread and everything that it starts from gaining privileges.
  ///
  /// Empties the bounding, ambient and inheritable sets, and makes execve(2) grant nothing
  /// (`PR_SET_NO_NEW_PRIVS`). Afterwards only `raised` is effective.
  public static func preventPrivilegeGain(raised: Capabilities) throws(PrivilegeProblem) {
    let thread = try ThreadCapabilities()
    let permitted = try thread.set(.permitted)
    try ThreadCapabilities.preventPrivilegeGain()
    try thread.become(effective: raised.intersection(permitted), permitted: permitted)
  }

  /// Permanently drops all capabilities except the held ones in `needed`.
  ///
  /// - Parameter raised: the capabilities of these that become effective.
  public static func keep(
    _ needed: Capabilities, raised: Capabilities
  ) throws(PrivilegeProblem) {
    let thread = try ThreadCapabilities()
    let permitted = try thread.set(.permitted).intersection(needed)
    try thread.become(effective: raised.intersection(permitted), permitted: permitted)
  }

  /// Runs `work` with the held ones of `capabilities` effective, and lowers them again afterwards.
  ///
  /// The kernel refuses whatever needs a capability that cannot be raised.
  public static func raising<Value, Failure>(
    _ capabilities: Capabilities, _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try RaisableCapabilities(capabilities).raising(work)
  }
}

/// Capabilities that the calling thread can raise repeatedly, at the cost of two system calls each
/// time.
///
/// Only the thread that created the value can use it, and it must not change its capabilities by
/// other means.
public struct RaisableCapabilities: ~Copyable {
  private let lowered: ThreadCapabilities?
  private let raised: ThreadCapabilities?

  /// Selects those of `capabilities` that the thread holds and that are not already effective.
  public init(_ capabilities: Capabilities) {
    do {
      let lowered = try ThreadCapabilities()
      let added = capabilities.intersection(try lowered.set(.permitted))
        .subtracting(try lowered.set(.effective))
      let raised = try ThreadCapabilities()
      try raised.raise(added)
      self.lowered = consume lowered
      self.raised = added.isEmpty ? nil : consume raised
    } catch {
      lowered = nil
      raised = nil
    }
  }

  /// Runs `work` with them effective, and lowers them again afterwards.
  ///
  /// The kernel refuses whatever needs a capability that cannot be raised.
  public borrowing func raising<Value, Failure>(
    _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard Self.become(raised) else { return try work() }
    let result = Result { () throws(Failure) in try work() }
    // The kernel never refuses to lower capabilities (cap_set_proc(3)).
    _ = Self.become(lowered)
    return try result.get()
  }

  /// Applies `sets` to the thread; false when that failed or there is nothing to apply.
  private static func become(_ sets: borrowing ThreadCapabilities?) -> Bool {
    switch sets {
    case let sets?: (try? sets.apply()) != nil
    case nil: false
    }
  }
}
