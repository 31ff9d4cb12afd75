/// The capabilities that a step lacks, and the one wording of what to do about it.
public struct MissingCapabilities: Error, Equatable, Sendable {
  /// The step that cannot be done.
  public let step: PrivilegedStep
  /// What it lacks, in the order of ``Capability``; never empty.
  public let capabilities: [Capability]

  /// What `step` lacks, given what is `held`; nil when it lacks nothing.
  public init?(_ step: PrivilegedStep, held: HeldCapabilities) {
    let missing = step.missing(for: held)
    guard !missing.isEmpty else { return nil }
    self.step = step
    capabilities = missing
  }

  /// What `step` lacks now; nil when it lacks nothing, or when that cannot be found out.
  public init?(_ step: PrivilegedStep) {
    guard let held = try? HeldCapabilities.current() else { return nil }
    self.init(step, held: held)
  }
}

extension MissingCapabilities: CustomStringConvertible {
  /// The remedy, as the line after an error says it.
  public var description: String {
    let names = capabilities.map(\.name).joined(separator: " and ")
    return "it needs \(names): run it with sudo, or see 'connreap doctor'"
  }
}
