import FoundationEssentials
import Glibc
import Testing

/// The line for cron, run by a real cron that has nothing else to do.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needs("cron")) struct CronTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// What a test changes of what is shipped: it does not wait five minutes, nor for a leak to last
  /// one; and how each run ends is written down.
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

  private func machine(_ changes: String = "") throws -> OwnMachine {
    try OwnMachine(.cron, behind: namespace.entering, changes: Self.changes + changes)
  }

  private func runs(_ machine: OwnMachine) -> [Substring] {
    machine.read("policy").split(separator: "\n")
  }

  /// The lines of a mail behind its head.
  private func body(_ mail: String) -> [Substring] {
    mail.split(separator: "\n\n", maxSplits: 1).last?.split(separator: "\n") ?? []
  }

  @Test func itClosesALeakAndMailsThatOnce() async throws {
    try namespace.server.rename("leaky-server")
    let listener = try namespace.server.listen("pool", port: 8080)
    let leaked = try namespace.closeWaits(12, to: listener)
    let fine = try namespace.pair(to: listener, as: "fine")
    let machine = try machine()
    // In the second minute there is nothing to do, so that there is nothing to say.
    try await machine.wait(aside: 150) { runs(machine).count >= 2 }
    #expect(try holds(for: .seconds(1)) { Set(runs(machine)) == ["0"] })
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
    let lines = body(mail)
    #expect(lines.first?.hasPrefix("/etc/connreap/policies/close-wait-pileup.yaml:") == true)
    #expect(lines.contains { $0.contains("leaky-server") && $0.contains("close 12") }, "\(mail)")
    #expect(lines.contains { $0.hasPrefix("closed 12, gone 0, failed 0.") }, "\(mail)")

    // The figures are there, and nothing is said of them.
    let figures = try MetricsText(
      String(
        contentsOfFile: machine.root + "/var/lib/prometheus/node-exporter/connreap.prom",
        encoding: .utf8))
    #expect(figures.families.contains("connreap_connections"))
    #expect(figures.samples.contains { $0.labels["process"] == "leaky-server" })
    #expect(machine.read("metrics").hasPrefix("0\n"))
  }

  @Test func aBrokenPolicyIsMailedAndNothingIsDone() async throws {
    let listener = try namespace.server.listen("pool", port: 8080)
    _ = try namespace.closeWaits(12, to: listener)
    let machine = try machine(
      "sed 's/threshold/treshold/' /etc/connreap/policies/close-wait-pileup.yaml"
        + " >/etc/connreap/policies/broken.yaml\n")
    try await machine.wait(aside: 90) { try !runs(machine).isEmpty && !machine.mails.isEmpty }
    #expect(Set(runs(machine)) == ["65"])
    let mails = try machine.mails
    #expect(mails.count <= runs(machine).count, "one for each run")
    let errors = body(mails[0]).filter { $0.contains("error") }
    #expect(errors.count == 2, "the error, and how many there are: \(mails[0])")
    #expect(errors.first?.hasPrefix("/etc/connreap/policies/broken.yaml:") == true)
    #expect(errors.first?.contains("treshold") == true)
    #expect(try namespace.rows("--state", "close-wait").count == 12)
    #expect(try machine.audit.isEmpty)
  }

  /// What cron asks of the file, or it passes over it and says so nowhere that anybody looks.
  @Test(arguments: [
    ("connreap", Checkout.Manual.cronAndSystemd), ("connreap-metrics", .prometheus),
  ])
  func theFileIsAsCronWantsIt(name: String, manual: Checkout.Manual) throws {
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
    #expect(!fields.contains { $0.contains("%") }, "which is a line break to cron")
    let install = try Checkout.commands(in: manual)
    #expect(install.contains("install -D -m 644 Packaging/cron.d/\(name) /etc/cron.d/\(name)"))
    #expect(try Checkout.read(manual.file).contains("\n\(line)\n"))
  }
}
