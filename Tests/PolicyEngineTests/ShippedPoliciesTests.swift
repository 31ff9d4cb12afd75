import Connections
import PolicyEngine
import Selection
import SystemPackage
import Testing

/// The policies that come with connreap are safe to start from.
@Suite struct ShippedPoliciesTests {
  private func shipped(_ name: String) throws -> PolicyFile {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    let file = try FileDescriptor.open(path.appending("Policies/\(name)"), .readOnly)
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    return try PolicyFile(name: name, bytes: Array(bytes[..<count]), names: SampleNames())
  }

  @Test(arguments: ["close-wait-pileup.yaml", "idle-established.yaml"])
  func haveNoProblemAndProtectSSH(name: String) throws {
    let file = try shipped(name)
    #expect(file.warnings.isEmpty)
    for policy in file.policies {
      #expect(policy.protect.map(\.text) == ["process: sshd", "port: 22"])
      #expect(policy.description != nil)
    }
  }

  @Test func closeOnlyWhatIsOldAndMuchAndLimited() throws {
    let policy = try #require(try shipped("close-wait-pileup.yaml").policies.first)
    #expect(policy.action == .destroy)
    #expect(policy.threshold > 1)
    #expect(policy.inState != nil)
    #expect(policy.match.stateMask.states == [.closeWait])
  }

  @Test func reportWhatIsIdle() throws {
    let policies = try shipped("idle-established.yaml").policies
    #expect(policies.map(\.action) == [.report])
  }
}
