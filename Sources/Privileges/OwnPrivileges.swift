/// Gives up and raises capabilities of the calling thread. Threads that it starts have what it has
/// at that moment.
public enum OwnPrivileges {
  /// Closes, for this process and all that it starts, every way to more rights than it has: the
  /// bounding, ambient and inheritable sets are emptied and execve(2) adds nothing
  /// (`PR_SET_NO_NEW_PRIVS`).
  ///
  /// Of what it has, nothing is effective afterwards but what `raised` says.
  public static func closeTheWayUp(raised: Capabilities) throws(PrivilegeProblem) {
    let thread = try ThreadCapabilities()
    let permitted = try thread.set(.permitted)
    try ThreadCapabilities.closeTheWayUp()
    try thread.become(effective: raised.intersection(permitted), permitted: permitted)
  }

  /// Gives up for good all capabilities but those of `needed` that are held.
  ///
  /// - Parameter raised: those of them that are effective from now on.
  public static func keep(
    _ needed: Capabilities, raised: Capabilities
  ) throws(PrivilegeProblem) {
    let thread = try ThreadCapabilities()
    let permitted = try thread.set(.permitted).intersection(needed)
    try thread.become(effective: raised.intersection(permitted), permitted: permitted)
  }

  /// Does `work` with those of `capabilities` effective that are held; afterwards what was not
  /// effective before is not again.
  ///
  /// What cannot be raised is left to the kernel to refuse.
  public static func raising<Value, Failure>(
    _ capabilities: Capabilities, _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try RaisableCapabilities(capabilities).raising(work)
  }
}

/// Capabilities that the calling thread can make effective for a moment, again and again, at the
/// cost of two calls of the kernel each time.
///
/// It is of use to the thread that made it, as long as that changes its capabilities by no other
/// means.
public struct RaisableCapabilities: ~Copyable {
  private let lowered: ThreadCapabilities?
  private let raised: ThreadCapabilities?

  /// Those of `capabilities` that the thread holds, and that are not effective anyway.
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

  /// Does `work` with them effective; afterwards they are not again.
  ///
  /// What cannot be raised is left to the kernel to refuse.
  public borrowing func raising<Value, Failure>(
    _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard Self.become(raised) else { return try work() }
    let result = Result { () throws(Failure) in try work() }
    // Taking away one's own is never refused (cap_set_proc(3)).
    _ = Self.become(lowered)
    return try result.get()
  }

  /// Whether the thread now has `sets`.
  private static func become(_ sets: borrowing ThreadCapabilities?) -> Bool {
    switch sets {
    case let sets?: (try? sets.apply()) != nil
    case nil: false
    }
  }
}
