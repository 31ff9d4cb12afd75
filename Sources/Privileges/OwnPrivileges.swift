/// Gives up and raises capabilities of the calling thread. Threads that it starts have what it has
/// at that moment.
public enum OwnPrivileges {
  /// Closes, for this process and all that it starts, every way to more rights than it has: the
  /// bounding, ambient and inheritable sets are emptied and execve(2) adds nothing
  /// (`PR_SET_NO_NEW_PRIVS`).
  ///
  /// Of what it has, nothing is effective afterwards but what `raised` says.
  public static func closeTheWayUp(raised: Set<Capability>) throws(PrivilegeProblem) {
    let thread = try ThreadCapabilities()
    let permitted = try thread.set(.permitted)
    try ThreadCapabilities.closeTheWayUp()
    try thread.become(effective: raised.intersection(permitted), permitted: permitted)
  }

  /// Gives up for good all capabilities but those of `needed` that are held.
  ///
  /// - Parameter raised: those of them that are effective from now on.
  public static func keep(
    _ needed: Set<Capability>, raised: Set<Capability>
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
    _ capabilities: Set<Capability>, _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard let thread = try? ThreadCapabilities(), let effective = try? thread.set(.effective),
      let permitted = try? thread.set(.permitted)
    else { return try work() }
    let added = capabilities.intersection(permitted).subtracting(effective)
    guard !added.isEmpty, (try? thread.change(added, effective: true)) != nil else {
      return try work()
    }
    let result = Result { () throws(Failure) in try work() }
    // Taking away one's own is never refused (cap_set_proc(3)).
    try? thread.change(added, effective: false)
    return try result.get()
  }
}
