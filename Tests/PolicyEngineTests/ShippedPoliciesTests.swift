import Connections
import Glibc
import PolicyEngine
import Selection
import SystemPackage
import Testing

/// The shipped policies are safe starting points.
@Suite struct ShippedPoliciesTests {
  private static var folder: FilePath {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path.appending("Policies")
  }

  private func contents(of name: String) throws -> String {
    let file = try FileDescriptor.open(Self.folder.appending(name), .readOnly)
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: 1 << 18)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  private func shipped(_ name: String) throws -> PolicyFile {
    try PolicyFile(name: name, bytes: Array(try contents(of: name).utf8), names: SampleNames())
  }

  /// The names of the files.
  static let names: [String] = {
    guard let folder = opendir(folder.string) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".yaml") { names.append(name) }
    }
    return names.sorted()
  }()

  @Test func includesTheseFiles() {
    #expect(
      Self.names == [
        "close-wait-pileup.yaml", "connection-hog.yaml", "container-leak.yaml",
        "database-sessions.yaml", "half-open-fin-wait-2.yaml", "http-keepalive.yaml",
        "idle-established.yaml", "stalled-peers.yaml",
      ])
  }

  @Test func canRunTogether() throws {
    let policies = try PolicySet(Self.names.map(shipped)).policies
    #expect(policies.count == 11)
  }

  @Test(arguments: names) func haveNoProblemsAndProtectSSH(name: String) throws {
    let file = try shipped(name)
    #expect(file.warnings.isEmpty)
    for policy in file.policies {
      #expect(policy.protect.map(\.text).starts(with: ["process: sshd", "port: 22"]))
      #expect(policy.description != nil)
      #expect(policy.action == .report || policy.limit <= 5000)
    }
  }

  @Test(arguments: names) func startWithTheSchemaAndAnExplanation(name: String) throws {
    let lines = try contents(of: name).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "# yaml-language-server: $schema=policy.schema.json")
    #expect(lines.dropFirst().prefix { $0.hasPrefix("#") }.count >= 3)
  }

  @Test func closeOnlyOldConnectionsInLimitedNumbers() throws {
    let policy = try #require(try shipped("close-wait-pileup.yaml").policies.first)
    #expect(policy.action == .destroy)
    #expect(policy.threshold > 1)
    #expect(policy.inState != nil)
    #expect(policy.match.stateMask.states == [.closeWait])
  }

  @Test func reportIdleConnections() throws {
    let policies = try shipped("idle-established.yaml").policies
    #expect(policies.map(\.action) == [.report])
  }
}
