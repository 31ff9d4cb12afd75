/// The capabilities that a step lacks, with the remedy.
public struct MissingCapabilities: Error, Equatable, Sendable {
  /// The step that is not possible.
  public let step: PrivilegedStep
  /// The missing capabilities, in the order of ``Capability``; never empty.
  public let capabilities: [Capability]

  /// The capabilities that `step` needs beyond `held`; nil when none is missing.
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
  /// The remedy, for the line after an error.
  public var description: String {
    let names = capabilities.map(\.name).joined(separator: " and ")
    return "it needs \(names): run it with sudo, or see 'connreap doctor'"
  }
}
