import FoundationEssentials
import Glibc
import Testing

/// The crontab files, run by a real cron.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needs("cron")) struct CronTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// Changes to the installed files: cron runs connreap every minute, the policy has no minimum
  /// time in state, and a wrapper records the exit codes.
  private static let changes = """
    sed -i 's|^[*]/5 |* |' /etc/cron.d/connreap
    sed -i '/in-state:/d' /etc/connreap/policies/close-wait-pileup.yaml
    cat >/usr/local/sbin/connreap <<'END'
    #!/bin/sh
    /usr/local/bin/connreap "$@"
    status=$?
    echo "$status" >>"/srv/$1"
    exit $status
    END
    chmod 755 /usr/local/sbin/connreap

    """

  private func machine(_ changes: String = "") throws -> TestMachine {
    try TestMachine(.cron, behind: namespace.entering, changes: Self.changes + changes)
  }

  private func exitCodes(_ machine: TestMachine) -> [Substring] {
    machine.read("policy").split(separator: "\n")
  }

  /// The lines of a mail's body.
  private func bodyLines(_ mail: String) -> [Substring] {
    mail.split(separator: "\n\n", maxSplits: 1).last?.split(separator: "\n") ?? []
  }

  @Test func leaksAreClosedAndMailedOnce() async throws {
    try namespace.server.rename("leaky-server")
    let listener = try namespace.server.listen("pool", port: 8080)
    let leaked = try namespace.closeWaits(12, to: listener)
    let fine = try namespace.pair(to: listener, as: "fine")
    let machine = try machine()
    // The run in the second minute has nothing to do and must not send a mail.
    try await machine.wait(yielding: 150) { exitCodes(machine).count >= 2 }
    #expect(try holds(for: .seconds(1)) { Set(exitCodes(machine)) == ["0"] })
    #expect(try namespace.rows("--state", "close-wait").isEmpty)
    #expect(try fine.client.reaches(fine.server))
    let closed = try machine.audit.filter { $0.event == "closed" }
    #expect(Set(closed.map(\.connection.cookie)) == Set(leaked.map(\.server.cookie)))
    #expect(closed.count == leaked.count)
    #expect(closed.allSatisfy { $0.policy == "close-wait-pileup" && $0.command == "policy apply" })

    let mails = try machine.mails
    #expect(mails.count == 1)
    let mail = try #require(mails.first)
    let head = mail.split(separator: "\n")
    #expect(head.contains("To: root"), "\(mail)")
    #expect(
      head.contains { $0.hasPrefix("Subject: Cron <root@") && $0.contains("policy apply --quiet") })
    let lines = bodyLines(mail)
    #expect(lines.first?.hasPrefix("/etc/connreap/policies/close-wait-pileup.yaml:") == true)
    #expect(
      lines.contains { $0.contains("leaky-server") && $0.contains("12 of 12 to close") }, "\(mail)")
    #expect(lines.contains { $0.hasPrefix("closed 12, gone 0, failed 0.") }, "\(mail)")

    // The metrics are written, without a mail.
    let metrics = try MetricsText(
      String(
        contentsOfFile: machine.root + "/var/lib/prometheus/node-exporter/connreap.prom",
        encoding: .utf8))
    #expect(metrics.families.contains("connreap_connections"))
    #expect(metrics.samples.contains { $0.labels["process"] == "leaky-server" })
    #expect(machine.read("metrics").hasPrefix("0\n"))
  }

  @Test func policyErrorsAreMailedAndNothingIsClosed() async throws {
    let listener = try namespace.server.listen("pool", port: 8080)
    _ = try namespace.closeWaits(12, to: listener)
    let machine = try machine(
      "sed 's/threshold/treshold/' /etc/connreap/policies/close-wait-pileup.yaml"
        + " >/etc/connreap/policies/broken.yaml\n")
    try await machine.wait(yielding: 90) {
      try !exitCodes(machine).isEmpty && !machine.mails.isEmpty
    }
    #expect(Set(exitCodes(machine)) == ["65"])
    let mails = try machine.mails
    #expect(mails.count <= exitCodes(machine).count, "at most one mail per run")
    let errors = bodyLines(mails[0]).filter { $0.contains("error") }
    #expect(errors.count == 2, "the error and the summary: \(mails[0])")
    #expect(errors.first?.hasPrefix("/etc/connreap/policies/broken.yaml:") == true)
    #expect(errors.first?.contains("treshold") == true)
    #expect(try namespace.rows("--state", "close-wait").count == 12)
    #expect(try machine.audit.isEmpty)
  }

  /// Cron silently ignores files that do not meet its requirements.
  @Test(arguments: [
    ("connreap", Checkout.Manual.cronAndSystemd), ("connreap-metrics", .prometheus),
  ])
  func filesMeetTheRequirementsOfCron(name: String, manual: Checkout.Manual) throws {
    let text = try Checkout.read("Packaging/cron.d/\(name)")
    #expect(text.hasSuffix("\n") && !text.contains("\r"))
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    let settings = lines.prefix { $0.contains(/^[A-Z]+=/) }
    #expect(settings.contains { $0.hasPrefix("PATH=") && $0.contains("/usr/local/bin") })
    #expect(settings.contains { $0.hasPrefix("MAILTO=") })
    #expect(lines.count == settings.count + 1)
    let line = try #require(lines.last)
    let fields = line.split(separator: " ")
    #expect(fields.dropFirst(5).prefix(2) == ["root", "connreap"])
    #expect(!fields.contains { $0.contains("%") }, "cron reads % as a line break")
    let install = try Checkout.commands(in: manual)
    #expect(install.contains("install -D -m 644 Packaging/cron.d/\(name) /etc/cron.d/\(name)"))
    #expect(try Checkout.read(manual.file).contains("\n\(line)\n"))
  }
}
