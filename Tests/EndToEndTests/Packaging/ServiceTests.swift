import Glibc
import Testing

/// The service and its timer, run by a real systemd with all restrictions in effect.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needsControlGroups, .needs("systemctl"))
struct ServiceTests {
  /// Changes to the installed files, and additional services: one leaks, and `OnFailure=` starts
  /// another.
  private static let changes = """
    policy=/etc/connreap/policies/close-wait-pileup.yaml
    sed -i '/in-state:/d' "$policy"
    cd /etc/systemd/system
    mkdir connreap.timer.d connreap.service.d
    printf '[Timer]\\nOnCalendar=\\nOnCalendar=*:*:0/2\\nAccuracySec=100ms\\n' >connreap.timer.d/often.conf
    printf '[Unit]\\nOnFailure=page@%%n.service\\n' >connreap.service.d/failure.conf
    printf '[Service]\\nBindPaths=/srv/proc:/proc\\n' >connreap.service.d/proc.conf
    printf '[Service]\\nExecStart=/bin/sh -c "echo %%i >>/srv/paged"\\nType=oneshot\\n' >page@.service
    printf '[Service]\\nExecStart=/srv/demo-leak 12 300\\n' >leak.service
    printf '[Unit]\\nBefore=connreap.service\\n[Service]\\nExecStart=sleep infinity\\n' >keep.service

    """

  private func machine(_ changes: String = "") throws -> TestMachine {
    let machine = try TestMachine(.systemd, changes: Self.changes + changes)
    // systemd forgets the result of a unit unless another unit refers to it.
    try machine.run("systemctl", "start", "keep.service")
    return machine
  }

  /// Starts the service that leaks ten connections and waits for the leaks.
  private func leak(on machine: TestMachine) throws {
    try machine.run("systemctl", "restart", "leak.service")
    try machine.wait(seconds: 20) { try leaks(on: machine) == 10 }
  }

  private func leaks(on machine: TestMachine) throws -> Int {
    try machine.run("ss", "-Htn", "state", "close-wait").lines.count
  }

  /// The journal entries of connreap.
  private func journal(of machine: TestMachine) throws -> [Substring] {
    try machine.run("journalctl", "--sync")
    return try machine.run("journalctl", "-o", "cat", "-t", "connreap").lines
  }

  /// Runs the service once and returns the result in systemd and the exit code.
  private func start(on machine: TestMachine) throws -> (result: String, status: String) {
    // A test starts the unit more often than systemd's start limit allows.
    try machine.run("systemctl", "reset-failed")
    try machine.run("systemctl", "start", "connreap.service")
    return try ended(on: machine)
  }

  private func ended(on machine: TestMachine) throws -> (result: String, status: String) {
    let shown = try machine.run(
      "systemctl", "show", "-p", "Result", "-p", "ExecMainStatus", "connreap.service")
    func value(_ name: String) -> String {
      shown.lines.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        ?? "?"
    }
    return (value("Result"), value("ExecMainStatus"))
  }

  @Test func timerRunsCloseLeaks() throws {
    let machine = try machine()
    try leak(on: machine)
    for command in try Checkout.commands(in: .cronAndSystemd)
    where command.hasPrefix("systemctl ") {
      let words = command.split(separator: " ").map(String.init)
      let ended = try machine.run(words)
      #expect(ended.status == 0, "\(command): \(ended.errorText)")
    }
    try machine.wait(seconds: 30) { try leaks(on: machine) == 0 }
    try machine.wait(seconds: 10) { try ended(on: machine) == ("success", "0") }
    let closed = try machine.audit.filter { $0.event == "closed" }
    #expect(closed.count == 10)
    #expect(closed.allSatisfy { $0.connection.owners?.map(\.name) == ["leaky-server"] })
    let entries = try journal(of: machine)
    #expect(entries.contains { $0.hasPrefix("closed 10, gone 0, failed 0.") }, "\(entries)")
    #expect(
      !entries.contains { $0.contains(/[Ff]ailed to|denied|not permitted|cannot/) }, "\(entries)")
    #expect(try Command.run(["stat", "-c", "%a %U", machine.state]).text == "700 root\n")
  }

  @Test func onlyFailuresFailTheUnit() throws {
    let machine = try machine()
    let file = "/etc/connreap/policies/close-wait-pileup.yaml"
    func change(_ script: String) throws { try machine.run("sed", "-i", script, file) }
    var pages: Int { machine.read("paged").split(separator: "\n").count }

    #expect(try start(on: machine) == ("success", "0"))
    #expect(try journal(of: machine) == [], "a run without findings logs nothing")

    let holder = try machine.run(
      "bash", "-c",
      "flock /var/lib/connreap/connreap.lock sleep 60 >/dev/null 2>&1 & sleep 0.3; echo $!")
    #expect(try start(on: machine) == ("success", "75"), "another run is no failure")
    #expect(try journal(of: machine).contains { $0.contains("another run holds the lock") })
    try machine.run("pkill", "-P", holder.text.filter(\.isNumber))
    #expect(pages == 0)

    try leak(on: machine)
    try change("s/limit: .*/limit: 9/")
    #expect(try start(on: machine) == ("exit-code", "2"), "reaching the limit is a failure")
    try machine.wait(seconds: 10) { pages == 1 }
    #expect(machine.read("paged") == "connreap.service\n")
    #expect(try leaks(on: machine) == 10)

    try change("s/limit: .*/limit: 500/; s/threshold/treshold/")
    #expect(try start(on: machine) == ("exit-code", "65"))
    try machine.wait(seconds: 10) { pages == 2 }

    try change("s/treshold/threshold/; s/limit: .*/rate: 1/")
    try machine.run("systemctl", "start", "--no-block", "connreap.service")
    try machine.wait(seconds: 20) { try leaks(on: machine) < 10 }
    try machine.run("systemctl", "stop", "connreap.service")
    #expect(try ended(on: machine) == ("success", "143"), "SIGTERM is no failure")
    #expect(try leaks(on: machine) > 0)
    #expect(try journal(of: machine).contains { $0.contains("not done") })
    #expect(pages == 2)

    try change("/rate: 1/d")
    try leak(on: machine)
    #expect(try start(on: machine) == ("success", "0"))
    #expect(try leaks(on: machine) == 0)
  }

  /// These methods act on descriptors of other processes and need more privileges and system calls.
  @Test(arguments: ["shutdown", "abort"])
  func descriptorMethodsWork(action: String) throws {
    let machine = try machine("sed -i 's/action: .*/action: \(action)/' \"$policy\"\n")
    try leak(on: machine)
    #expect(try start(on: machine) == ("success", "0"))
    #expect(try leaks(on: machine) == 0)
    let entries = try journal(of: machine)
    #expect(try machine.audit.filter { $0.event == "closed" }.count == 10, "\(entries)")
  }

  /// Programs of root get the capabilities in the bounding set, which the unit may not clear.
  @Test func notifiedProgramsHaveNoCapabilities() throws {
    let machine = try machine(
      """
      cat >/usr/local/sbin/page <<'END'
      #!/bin/sh
      grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status | tr -d '\\t' >/var/lib/connreap/notified
      touch /etc/notified /srv/notified && echo wrote >>/var/lib/connreap/notified
      cat >>/var/lib/connreap/notified
      END
      chmod 755 /usr/local/sbin/page
      sed -i 's|action: .*|action: report\\n    notify: [/usr/local/sbin/page]|' "$policy"

      """)
    try leak(on: machine)
    #expect(try start(on: machine) == ("success", "0"))
    let notified = try Command.run(["cat", machine.state + "/notified"]).lines
    let none = String(repeating: "0", count: 16)
    for set in ["Inh", "Prm", "Eff", "Amb"] {
      #expect(notified.contains { $0 == "Cap\(set):\(none)" }, "\(notified)")
    }
    #expect(notified.contains("NoNewPrivs:1") && notified.contains("Seccomp:2"), "\(notified)")
    #expect(!notified.contains("wrote"), "it can write outside the state directory")
    #expect(notified.contains { $0.contains(#""policy":"close-wait-pileup""#) }, "\(notified)")
  }

  /// A service in its own network namespace leaks, and the policy covers all namespaces.
  @Test func otherNamespacesNeedTheDropIn() throws {
    let machine = try machine(
      """
      printf '[Service]\\nPrivateNetwork=yes\\nExecStart=/srv/demo-leak 12 300\\n' >private.service
      sed -i 's/^\\( *\\)state: close-wait/&\\n\\1netns: all/' "$policy"

      """)
    try machine.run("systemctl", "restart", "private.service")
    let main = try machine.run("systemctl", "show", "-p", "MainPID", "--value", "private.service")
    let pid = main.text.filter(\.isNumber)
    func leaked() throws -> [String] {
      try machine.run(
        "nsenter", "--net=/proc/\(pid)/ns/net", "ss", "-Htn", "state", "close-wait"
      ).lines.map(String.init)
    }
    func leaks() throws -> Int { try leaked().count }
    try machine.wait(seconds: 30) { try leaks() == 10 }
    // All namespaces include those of other tests, so match only this port.
    let local = try #require(leaked().first?.split(separator: " ").dropFirst(2).first)
    let port = try #require(local.split(separator: ":").last)
    try machine.run(
      "sed", "-i", "s/^\\( *\\)netns: all/&\\n\\1local-port: \(port)/",
      "/etc/connreap/policies/close-wait-pileup.yaml")
    #expect(try start(on: machine) == ("exit-code", "77"))
    #expect(try journal(of: machine).contains { $0.contains("CAP_SYS_ADMIN") })
    #expect(try leaks() == 10)
    try machine.run(
      "install", "-D", "-m", "644", "\(Checkout.path)/Packaging/systemd/connreap-namespaces.conf",
      "/etc/systemd/system/connreap.service.d/namespaces.conf")
    try machine.run("systemctl", "daemon-reload")
    let ended = try start(on: machine)
    let entries = try journal(of: machine)
    #expect(ended == ("success", "0"), "\(entries)")
    #expect(try leaks() == 0)
    let verified = try machine.run(
      "systemd-analyze", "verify", "/etc/systemd/system/connreap.service")
    #expect(verified == CommandResult(status: 0, output: [], errors: []), "\(verified.errorText)")
  }
}
