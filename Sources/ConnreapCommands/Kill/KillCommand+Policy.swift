import ArgumentParser
import Operations
import PolicyEngine
import Reaping
import Rendering
import Selection

// `--as-policy`: the equivalent policy.
extension KillCommand {
  /// Rejects options together with `--as-policy` that a policy cannot express.
  func checkOptionsOfPolicy() throws {
    guard asPolicy != nil else { return }
    let options = [
      ("--plan", plan != nil), ("--unprotect", !guardOptions.unprotect.isEmpty),
      ("--timeout", pace.time.timeout != nil), ("--record", source.record != nil),
      ("--replay", source.replay != nil), ("-o \(output.format.rawValue)", output.format != .table),
      ("settings of keepalive", method.givesTimes),
    ]
    for (option, isGiven) in options where isGiven {
      throw ValidationError("a policy cannot express \(option): omit it or --as-policy")
    }
  }

  /// Prints the policy that closes what this command would close.
  func printPolicy(named name: String) throws {
    let method = try method.chosen() ?? .destroy
    guard let action = PolicyAction(rawValue: method.name) else {
      throw CommandFailure(.usage, "a policy cannot express --method \(method.name)")
    }
    let names = SystemNames()
    _ = try selection.predicateForPolicy(names: names)
    var draft = PolicyDraft(name, matching: selection.keys, action: action)
    draft.limit = guardOptions.max
    draft.rate = pace.rate
    try draft.print(names: names)
  }
}
