import FoundationEssentials
import Glibc
import Testing

/// What the service forbids itself, against what `policy apply` does.
@Suite(.waitsForPrograms, .needs("systemd-analyze")) struct ServiceFileTests {
  private static let file = Checkout.path + "/Packaging/systemd/connreap.service"

  /// The values of a setting, in the order of the file.
  private func values(of setting: String) throws -> [String] {
    try Checkout.read("Packaging/systemd/connreap.service").split(separator: "\n")
      .filter { $0.hasPrefix(setting + "=") }
      .map { String($0.dropFirst(setting.count + 1)) }
  }

  /// The system calls that a name of a filter stands for: its own, or those of a group.
  private func calls(of name: some StringProtocol) throws -> Set<String> {
    guard name.hasPrefix("@") else { return [String(name)] }
    let ended = try Command.run(["systemd-analyze", "syscall-filter", "--no-pager", String(name)])
    try #require(ended.status == 0, "\(ended.complaints)")
    var calls: Set<String> = []
    for line in ended.lines.dropFirst() {
      let word = line.drop { $0 == " " }
      if word.hasPrefix("#") { continue }
      calls.formUnion(try self.calls(of: word))
    }
    return calls
  }

  /// What the filter of the file lets through.
  private func allowedCalls() throws -> Set<String> {
    // What systemd lets through whatever is said.
    var allowed = try calls(of: "@default")
    for line in try values(of: "SystemCallFilter") {
      let isForbidding = line.hasPrefix("~")
      for name in line.drop(while: { $0 == "~" }).split(separator: " ") {
        let calls = try calls(of: name)
        if isForbidding { allowed.subtract(calls) } else { allowed.formUnion(calls) }
      }
    }
    return allowed
  }

  @Test func systemdRatesItAsTheDocumentationSays() throws {
    let manual = try Checkout.read("Documentation/deployment.md")
    let said = try #require(
      manual.firstMatch(of: /security connreap.service` rates it ([0-9])\.([0-9]),/))
    let score = try #require(Int("\(said.1)\(said.2)"))
    func rate(threshold: Int) throws -> Ended {
      try Command.run([
        "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=\(threshold)",
        Self.file,
      ])
    }
    let rated = try rate(threshold: score + 1)
    #expect(rated.status == 0, "\(rated.lines.last ?? "")")
    #expect(try rate(threshold: score - 5).status != 0, "it can fail")
  }

  @Test(.needsNamespaces, .needsControlGroups) func systemdFindsNoFault() throws {
    let machine = try OwnMachine(.systemd, changes: "")
    for unit in ["connreap.service", "connreap.timer"] {
      let verified = try machine.run("systemd-analyze", "verify", "/etc/systemd/system/\(unit)")
      #expect(verified == Ended(status: 0, output: [], errors: []), "\(verified.complaints)")
    }
  }

  /// A system call that is refused may do harm without a word: each that is made has to be allowed.
  @Test(.needsNamespaces, .needsDestroy, .needsTracing)
  func everySystemCallAndSocketIsAllowed() throws {
    let namespace = try NetworkNamespace()
    let folder = try TemporaryFolder()
    let told = folder.path + "/told"
    let page = try folder.write("page", "#!/bin/sh\nexec cat >'\(told)'\n", mode: 0o700)
    let listeners = try [8080, 8081, 8082, 8083].map {
      try namespace.server.listen("\($0)", port: UInt16($0))
    }
    for listener in listeners { _ = try namespace.closeWaits(2, to: listener) }
    _ = try namespace.pair(port: 8084)
    func policy(_ port: Int, _ action: String, _ more: String = "") -> String {
      """
        - name: \(action)
          match: {state: [close-wait, established], local-port: \(port), user: root}
          action: \(action)
          group-by: process
      \(more)

      """
    }
    let policies = try TemporaryFolder()
    _ = try policies.write(
      "all.yaml",
      "version: 1\nprotect:\n  - peer: localhost\n    local-port: 1\npolicies:\n"
        + policy(8080, "destroy") + policy(8081, "shutdown") + policy(8082, "abort")
        + policy(8083, "report", "    notify: [\(page)]") + policy(8084, "keepalive"))
    let trace = folder.path + "/trace"
    let capabilities = try values(of: "CapabilityBoundingSet").joined(separator: " ")
      .split(separator: " ").map { "+" + $0.lowercased().dropFirst("CAP_".count) }
    let ended = try namespace.connreap(
      ["policy", "apply", "--state-dir", namespace.state.path, policies.path],
      behind: [
        "setpriv", "--bounding-set", (["-all"] + capabilities).joined(separator: ","),
        "--inh-caps", "-all", "--no-new-privs", "--", "strace", "-f", "-o", trace, "--",
      ])
    #expect(ended.status == 0, "\(ended.complaints)")
    #expect(ended.text.contains("closed 6"), "\(ended.text)")
    #expect(access(told, F_OK) == 0, "\(ended.complaints)")

    var made: Set<String> = []
    var families: Set<String> = []
    for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
      guard let call = line.firstMatch(of: /^\d+ +([a-z_0-9]+)\(([A-Z_0-9]*)/) else { continue }
      made.insert(String(call.1))
      if call.1 == "socket" { families.insert(String(call.2)) }
    }
    #expect(made.isSuperset(of: ["capset", "pidfd_getfd", "socket", "execve"]))
    #expect(try made.subtracting(allowedCalls()).sorted() == [])
    let allowed = try values(of: "RestrictAddressFamilies").joined(separator: " ")
    #expect(families.contains("AF_NETLINK"))
    #expect(families.subtracting(allowed.split(separator: " ").map(String.init)) == [])
  }
}
