import FoundationEssentials
import Glibc
import Testing

/// The restrictions in the service file, checked against what `policy apply` does.
@Suite(.waitsForPrograms, .needs("systemd-analyze")) struct ServiceFileTests {
  private static let file = Checkout.path + "/Packaging/systemd/connreap.service"

  /// The values of a setting in the service file.
  private func values(of setting: String) throws -> [String] {
    try Checkout.read("Packaging/systemd/connreap.service").split(separator: "\n")
      .filter { $0.hasPrefix(setting + "=") }
      .map { String($0.dropFirst(setting.count + 1)) }
  }

  /// The system calls that a name in a filter stands for: one call, or a group.
  private func calls(of name: some StringProtocol) throws -> Set<String> {
    guard name.hasPrefix("@") else { return [String(name)] }
    let ended = try Command.run(["systemd-analyze", "syscall-filter", "--no-pager", String(name)])
    try #require(ended.status == 0, "\(ended.errorText)")
    var calls: Set<String> = []
    for line in ended.lines.dropFirst() {
      let word = line.drop { $0 == " " }
      if word.hasPrefix("#") { continue }
      calls.formUnion(try self.calls(of: word))
    }
    return calls
  }

  /// The system calls that the service file allows.
  private func allowedCalls() throws -> Set<String> {
    // systemd always allows these.
    var allowed = try calls(of: "@default")
    for line in try values(of: "SystemCallFilter") {
      let isDenyList = line.hasPrefix("~")
      for name in line.drop(while: { $0 == "~" }).split(separator: " ") {
        let calls = try calls(of: name)
        if isDenyList { allowed.subtract(calls) } else { allowed.formUnion(calls) }
      }
    }
    return allowed
  }

  @Test func systemdSecurityRatingMatchesTheDocumentation() throws {
    let manual = try Checkout.read("Documentation/deployment.md")
    let rating = try #require(
      manual.firstMatch(of: /security connreap.service` rates it ([0-9])\.([0-9]),/))
    let score = try #require(Int("\(rating.1)\(rating.2)"))
    func rate(threshold: Int) throws -> CommandResult {
      try Command.run([
        "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=\(threshold)",
        Self.file,
      ])
    }
    let rated = try rate(threshold: score + 1)
    #expect(rated.status == 0, "\(rated.lines.last ?? "")")
    #expect(try rate(threshold: score - 5).status != 0, "the documented rating is too high")
  }

  @Test(.needsNamespaces, .needsControlGroups) func systemdAcceptsTheUnits() throws {
    let machine = try TestMachine(.systemd, changes: "")
    for unit in ["connreap.service", "connreap.timer"] {
      let verified = try machine.run("systemd-analyze", "verify", "/etc/systemd/system/\(unit)")
      #expect(verified == CommandResult(status: 0, output: [], errors: []), "\(verified.errorText)")
    }
  }

  /// A refused system call can fail silently, so the unit must allow every call.
  @Test(.needsNamespaces, .needsDestroy, .needsTracing)
  func requiredSystemCallsAndAddressFamiliesAreAllowed() throws {
    let namespace = try NetworkNamespace()
    let directory = try TemporaryDirectory()
    let notified = directory.path + "/notified"
    let page = try directory.write("page", "#!/bin/sh\nexec cat >'\(notified)'\n", mode: 0o700)
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
    let policies = try TemporaryDirectory()
    _ = try policies.write(
      "all.yaml",
      "version: 1\nprotect:\n  - peer: localhost\n    local-port: 1\npolicies:\n"
        + policy(8080, "destroy") + policy(8081, "shutdown") + policy(8082, "abort")
        + policy(8083, "report", "    notify: [\(page)]") + policy(8084, "keepalive"))
    let trace = directory.path + "/trace"
    let capabilities = try values(of: "CapabilityBoundingSet").joined(separator: " ")
      .split(separator: " ").map { "+" + $0.lowercased().dropFirst("CAP_".count) }
    let ended = try namespace.connreap(
      ["policy", "apply", "--state-dir", namespace.state.path, policies.path],
      behind: [
        "setpriv", "--bounding-set", (["-all"] + capabilities).joined(separator: ","),
        "--inh-caps", "-all", "--no-new-privs", "--", "strace", "-f", "-o", trace, "--",
      ])
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.text.contains("closed 6"), "\(ended.text)")
    #expect(access(notified, F_OK) == 0, "\(ended.errorText)")

    var calledNames: Set<String> = []
    var families: Set<String> = []
    for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
      guard let call = line.firstMatch(of: /^\d+ +([a-z_0-9]+)\(([A-Z_0-9]*)/) else { continue }
      calledNames.insert(String(call.1))
      if call.1 == "socket" { families.insert(String(call.2)) }
    }
    #expect(calledNames.isSuperset(of: ["capset", "pidfd_getfd", "socket", "execve"]))
    #expect(try calledNames.subtracting(allowedCalls()).sorted() == [])
    let allowed = try values(of: "RestrictAddressFamilies").joined(separator: " ")
    #expect(families.contains("AF_NETLINK"))
    #expect(families.subtracting(allowed.split(separator: " ").map(String.init)) == [])
  }
}
