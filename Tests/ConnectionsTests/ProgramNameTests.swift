import Testing

@testable import Connections

@Suite("The program of a process") struct ProgramNameTests {
  private func program(
    _ name: KernelName?, _ executable: KernelName?, _ arguments: String...
  ) -> KernelName? {
    ProgramName.of(
      name: name, executable: executable, command: command(arguments.map { Array($0.utf8) }))
  }

  private func command(_ arguments: [[UInt8]]) -> ProcessCommand? {
    ProcessCommand(cmdline: arguments.flatMap { $0 + [0] })
  }

  /// The program of a process that was started with `line`.
  private func program(startedAs line: String) -> KernelName? {
    let arguments = line.split(separator: " ").map { Array($0.utf8) }
    let name = KernelName(bytes: arguments[0])
    return ProgramName.of(
      name: name, executable: KernelName("/usr/bin/\(name)"), command: command(arguments))
  }

  @Test func aTruncatedNameIsCompletedFromTheExecutable() {
    #expect(
      program("kube-controller", "/usr/bin/kube-controller-manager") == "kube-controller-manager")
    #expect(program("nginx", "/usr/sbin/nginx") == "nginx")
  }

  @Test func theNameThatAProgramChoseIsKept() {
    #expect(program("httpd", "/bin/busybox", "httpd", "-f") == "httpd")
    #expect(
      program("leaky-server", "/usr/bin/python3.11", "python3", "demo-leak") == "leaky-server")
  }

  @Test func unknownExecutablesLeaveTheCommandName() {
    #expect(program("sshd", nil) == "sshd")
    #expect(program(nil, nil) == nil)
    #expect(program(nil, "/usr/bin/vim") == "vim")
    #expect(program("a", "") == "a")
    // Another user's executable is unreadable, but its command line is not.
    #expect(program("java", nil, "java", "-jar", "/opt/orders.jar") == "orders.jar")
    #expect(
      program("kube-controller", nil, "/usr/bin/kube-controller-manager", "-v")
        == "kube-controller-manager")
  }

  @Test func interpretersWithoutACommandLineAreUnknown() {
    #expect(program("java", "/usr/bin/java") == nil)
    #expect(program("python3", "/usr/bin/python3.11") == nil)
    #expect(program("worker", "/usr/bin/python3.11") == "worker", "it chose its name")
  }

  @Test func theUnreadPartOfACommandLineMayNameTheProgram() {
    let option = "-Dx=" + String(repeating: "y", count: ProcessCommand.maximumLength)
    #expect(program("java", "/usr/bin/java", "java", option, "Main") == nil)
    #expect(program("java", "/usr/bin/java", "java", "-jar", "o.jar", option) == "o.jar")
  }

  @Test func theScriptOfAnyInterpreterCompletesATruncatedName() {
    #expect(
      program(
        "a-worker-with-a", "/usr/bin/lua5.4", "/usr/bin/lua", "/srv/a-worker-with-a-long-name")
        == "a-worker-with-a-long-name")
    #expect(
      program(
        "a-worker-with-a", "/usr/bin/lua5.4", "/usr/bin/lua", "-W", "/srv/a-worker-with-a-name")
        == "a-worker-with-a-name")
  }

  @Test func scriptsAreNamedInFull() {
    #expect(
      program(
        "unattended-upgr", "/usr/bin/python3.11", "/usr/bin/python3",
        "/usr/bin/unattended-upgrades", "--verbose") == "unattended-upgrades")
    #expect(program("backup.sh", "/usr/bin/dash", "/bin/sh", "/opt/backup.sh") == "backup.sh")
  }

  @Test(
    "What an interpreter runs",
    arguments: [
      ("java -Xmx1g -cp a.jar:b.jar -jar /opt/orders.jar --port 80", "orders.jar"),
      ("java -cp a.jar com.example.Main x", "com.example.Main"),
      ("java @/etc/options -Dx=y com.example.Main", "com.example.Main"),
      ("java -p mods -m orders/com.example.Main", "com.example.Main"),
      ("java --module=orders", "orders"),
      ("python3 -u /srv/worker.py", "worker.py"),
      ("python3 -W ignore -X dev /srv/worker.py", "worker.py"),
      ("python3 -m gunicorn app:app", "gunicorn"),
      ("python3 -Im http.server", "http.server"),
      ("python3 /srv/orders/manage.py runserver", "orders/manage.py"),
      ("python3 manage.py", "manage.py"),
      ("node --max-old-space-size=4096 /srv/shop/index.js", "shop/index.js"),
      ("node -r dotenv/config worker.js", "worker.js"),
      ("ruby -I lib -- bin/rake", "rake"),
      ("perl -w -I lib /usr/bin/munin-node", "munin-node"),
      ("php -d memory_limit=1G -f queue.php", "queue.php"),
      ("bash -e ./run.sh", "run.sh"),
    ])
  func interpretersAreNamedAfterWhatTheyRun(line: String, expected: String) {
    #expect(program(startedAs: line) == KernelName(expected))
  }

  @Test(
    "Text and standard input have no name",
    arguments: [
      "python3 -c pass", "python3 -Sc pass", "python3", "python3 -", "bash -lc true", "perl -ne 1",
      "ruby -e 1", "node -e 1", "php -r 1", "java -version", "java -jar", "python3 --",
    ])
  func programsWithoutAFileAreNamedAfterTheInterpreter(line: String) {
    #expect(program(startedAs: line) == KernelName(String(line.prefix { $0 != " " })))
  }

  @Test(
    "Interpreters with a version",
    arguments: ["python3.11", "python2", "pypy3", "ruby3.1", "perl5.36.0", "nodejs", "php8.2"])
  func versionsBelongToTheInterpreter(executable: String) {
    #expect(
      program(KernelName(executable), KernelName("/usr/bin/" + executable), executable, "/srv/job")
        == "job")
  }

  @Test(arguments: ["javac", "perlbug", "php-fpm8.2", "nodemon", "pythonista", "rubyx3"])
  func otherProgramsAreNoInterpreters(executable: String) {
    #expect(Interpreter(executable: Array(executable.utf8)) == nil)
  }

  @Test func nodesMainThreadIsNotTheNameOfAProgram() {
    #expect(program("node-MainThread", "/usr/bin/node", "node", "worker.js") == "worker.js")
    #expect(program("MainThread", "/usr/bin/node", "node", "worker.js") == "worker.js")
    #expect(program("MainThread", "/usr/bin/python3", "python3", "worker.py") == "MainThread")
    #expect(program("nodejs", "/usr/bin/node", "nodejs", "worker.js") == "worker.js")
  }

  @Test func namesAreBytes() {
    let arguments = [Array("python3".utf8), [0x2f, 0xff, 0xfe]]
    #expect(
      ProgramName.of(
        name: "python3", executable: "/usr/bin/python3", command: command(arguments))
        == KernelName(bytes: [0xff, 0xfe]))
  }
}

@Suite("Command lines") struct ProcessCommandTests {
  @Test func argumentsAreSeparatedByNUL() throws {
    let command = try #require(ProcessCommand(cmdline: Array("java\0-jar\0\0o.jar\0".utf8)))
    #expect(
      command.arguments.map { String(decoding: $0, as: UTF8.self) } == [
        "java", "-jar", "", "o.jar",
      ])
    #expect(command.text == "java -jar  o.jar" && !command.isTruncated)
  }

  @Test func aTitleHasNoFinalNUL() throws {
    let command = try #require(ProcessCommand(cmdline: Array("nginx: worker process".utf8)))
    #expect(command.text == "nginx: worker process")
    #expect(command.arguments.count == 1)
  }

  @Test func aKernelThreadHasNone() {
    #expect(ProcessCommand(cmdline: []) == nil)
  }

  @Test func anEmptyCommandLineIsText() throws {
    let command = try #require(ProcessCommand(cmdline: [0, 0, 0]))
    #expect(command.text == "" && command.arguments == [[], [], []])
  }

  @Test func longOnesAreTruncated() throws {
    let long = [UInt8](repeating: 0x61, count: ProcessCommand.maximumLength + 1)
    let command = try #require(ProcessCommand(cmdline: long))
    #expect(command.isTruncated && command.text.count == ProcessCommand.maximumLength)
    #expect(try #require(ProcessCommand(cmdline: long.dropLast())).isTruncated == false)
  }
}
