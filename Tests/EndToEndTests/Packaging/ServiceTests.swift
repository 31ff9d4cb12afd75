import Glibc
import Testing

/// The service and its timer, run by a real systemd that puts all its restrictions in force.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needsControlGroups, .needs("systemctl"))
struct ServiceTests {
  /// What a test changes of what is shipped, and what it adds: a program that leaks, and what
  /// `OnFailure=` starts.
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

  private func machine(_ changes: String = "") throws -> OwnMachine {
    let machine = try OwnMachine(.systemd, changes: Self.changes + changes)
    // How a unit has ended is forgotten, unless another one is about it.
    try machine.run("systemctl", "start", "keep.service")
    return machine
  }

  /// Starts the program that leaks ten connections, and waits for them.
  private func leak(on machine: OwnMachine) throws {
    try machine.run("systemctl", "restart", "leak.service")
    try machine.wait(seconds: 20) { try leaks(on: machine) == 10 }
  }

  private func leaks(on machine: OwnMachine) throws -> Int {
    try machine.run("ss", "-Htn", "state", "close-wait").lines.count
  }

  /// What the unit's processes and connreap have said.
  private func journal(of machine: OwnMachine) throws -> [Substring] {
    try machine.run("journalctl", "--sync")
    return try machine.run("journalctl", "-o", "cat", "-t", "connreap").lines
  }

  /// Runs the service once: what systemd makes of it, and the exit code.
  private func start(on machine: OwnMachine) throws -> (result: String, status: String) {
    // A test starts it more often than systemd lets a unit be started.
    try machine.run("systemctl", "reset-failed")
    try machine.run("systemctl", "start", "connreap.service")
    return try ended(on: machine)
  }

  private func ended(on machine: OwnMachine) throws -> (result: String, status: String) {
    let shown = try machine.run(
      "systemctl", "show", "-p", "Result", "-p", "ExecMainStatus", "connreap.service")
    func value(_ name: String) -> String {
      shown.lines.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        ?? "?"
    }
    return (value("Result"), value("ExecMainStatus"))
  }

  @Test(.timeLimit(.minutes(3))) func theTimerReapsALeak() throws {
    let machine = try machine()
    try leak(on: machine)
    for command in try Checkout.commands(in: .cronAndSystemd)
    where command.hasPrefix("systemctl ") {
      let words = command.split(separator: " ").map(String.init)
      let ended = try machine.run(words)
      #expect(ended.status == 0, "\(command): \(ended.complaints)")
    }
    try machine.wait(seconds: 30) { try leaks(on: machine) == 0 }
    try machine.wait(seconds: 10) { try ended(on: machine) == ("success", "0") }
    let closed = try machine.audit.filter { $0.event == "closed" }
    #expect(closed.count == 10)
    #expect(closed.allSatisfy { $0.connection.owners?.map(\.name) == ["leaky-server"] })
    let said = try journal(of: machine)
    #expect(said.contains { $0.hasPrefix("closed 10, gone 0, failed 0.") }, "\(said)")
    #expect(
      !said.contains { $0.contains(/[Ff]ailed to|denied|not permitted|cannot/) }, "\(said)")
    #expect(try Command.run(["stat", "-c", "%a %U", machine.state]).text == "700 root\n")
  }

  @Test(.timeLimit(.minutes(3))) func whatIsAFailureIsOneToSystemd() throws {
    let machine = try machine()
    let file = "/etc/connreap/policies/close-wait-pileup.yaml"
    func change(_ script: String) throws { try machine.run("sed", "-i", script, file) }
    var pages: Int { machine.read("paged").split(separator: "\n").count }

    #expect(try start(on: machine) == ("success", "0"))
    #expect(try journal(of: machine) == [], "nothing to do is nothing to say")

    let holder = try machine.run(
      "bash", "-c",
      "flock /var/lib/connreap/connreap.lock sleep 60 >/dev/null 2>&1 & sleep 0.3; echo $!")
    #expect(try start(on: machine) == ("success", "75"), "the other run does the work")
    #expect(try journal(of: machine).contains { $0.contains("another run holds the lock") })
    try machine.run("pkill", "-P", holder.text.filter(\.isNumber))
    #expect(pages == 0)

    try leak(on: machine)
    try change("s/limit: .*/limit: 9/")
    #expect(try start(on: machine) == ("exit-code", "2"), "a person has to look")
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
    #expect(try ended(on: machine) == ("success", "143"), "it was asked to stop")
    #expect(try leaks(on: machine) > 0)
    #expect(try journal(of: machine).contains { $0.contains("not done") })
    #expect(pages == 2)

    try change("/rate: 1/d")
    try leak(on: machine)
    #expect(try start(on: machine) == ("success", "0"))
    #expect(try leaks(on: machine) == 0)
  }

  /// The ways to close that reach into the program need other rights, and other system calls.
  @Test(.timeLimit(.minutes(2)), arguments: ["shutdown", "abort"])
  func itReachesIntoPrograms(action: String) throws {
    let machine = try machine("sed -i 's/action: .*/action: \(action)/' \"$policy\"\n")
    try leak(on: machine)
    #expect(try start(on: machine) == ("success", "0"))
    #expect(try leaks(on: machine) == 0)
    let said = try journal(of: machine)
    #expect(try machine.audit.filter { $0.event == "closed" }.count == 10, "\(said)")
  }

  /// Root's programs have the rights of the bounding set, which the unit gives no right to empty.
  @Test(.timeLimit(.minutes(2))) func whoIsToldHasNoCapability() throws {
    let machine = try machine(
      """
      cat >/usr/local/sbin/page <<'END'
      #!/bin/sh
      grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status | tr -d '\\t' >/var/lib/connreap/told
      touch /etc/told /srv/told && echo wrote >>/var/lib/connreap/told
      cat >>/var/lib/connreap/told
      END
      chmod 755 /usr/local/sbin/page
      sed -i 's|action: .*|action: report\\n    notify: [/usr/local/sbin/page]|' "$policy"

      """)
    try leak(on: machine)
    #expect(try start(on: machine) == ("success", "0"))
    let told = try Command.run(["cat", machine.state + "/told"]).lines
    let none = String(repeating: "0", count: 16)
    for set in ["Inh", "Prm", "Eff", "Amb"] {
      #expect(told.contains { $0 == "Cap\(set):\(none)" }, "\(told)")
    }
    #expect(told.contains("NoNewPrivs:1") && told.contains("Seccomp:2"), "\(told)")
    #expect(!told.contains("wrote"), "it may write nowhere else")
    #expect(told.contains { $0.contains(#""policy":"close-wait-pileup""#) }, "\(told)")
  }

  /// A service in a network namespace of its own leaks, and the policy is about all of them.
  @Test(.timeLimit(.minutes(3))) func otherNamespacesTakeTheDropIn() throws {
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
    // The namespaces of other tests are among all of them.
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
    let said = try journal(of: machine)
    #expect(ended == ("success", "0"), "\(said)")
    #expect(try leaks() == 0)
    let verified = try machine.run(
      "systemd-analyze", "verify", "/etc/systemd/system/connreap.service")
    #expect(verified == Ended(status: 0, output: [], errors: []), "\(verified.complaints)")
  }
}
