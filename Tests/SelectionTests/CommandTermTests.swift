import Connections
import Selection
import Testing

@Suite("Command lines and programs in selections")
struct CommandTermTests {
  private func process(
    _ name: KernelName?, _ executable: KernelName?, command: [String]?
  ) -> OwnerProcess {
    OwnerProcess(
      identity: ProcessIdentity(pid: 9, startTicks: 1), name: name, executable: executable,
      command: command.flatMap { ProcessCommand(cmdline: $0.flatMap { Array($0.utf8) + [0] }) },
      keepsCommand: true, userID: 0, controlGroup: nil)
  }

  private func verdict(
    _ key: SelectionKey, _ value: String, _ process: OwnerProcess
  ) throws -> Verdict {
    let predicate = try SelectionVocabulary.parse(key: key, value: value, names: FixedNames())
    return predicate.verdict(
      of: .row(), owners: OwnerList([process], isComplete: true), past: nil)
  }

  @Test(
    arguments: [
      ("*orders.jar*", .yes), ("java -jar /opt/orders.jar --port 80", .yes), ("java*", .yes),
      ("*--port 8?", .yes), ("*--port [0-9]0", .yes), ("orders.jar", .no), ("*stock.jar*", .no),
      ("java", .no), ("*stock.jar*,*orders.jar*", .yes), ("*JAVA*", .no),
    ] as [(String, Verdict)])
  func theWholeCommandLineMustMatch(pattern: String, expected: Verdict) throws {
    let orders = process(
      "java", "/usr/bin/java", command: ["java", "-jar", "/opt/orders.jar", "--port", "80"])
    #expect(try verdict(.command, pattern, orders) == expected)
  }

  @Test func anUnreadCommandLineMayMatch() throws {
    let unread = process("java", "/usr/bin/java", command: nil)
    #expect(try verdict(.command, "*orders.jar*", unread) == .unknown)
    #expect(try verdict(.command, "*", unread) == .unknown)
  }

  @Test func theUnreadRestOfACommandLineMayMatch() throws {
    let long = String(repeating: "x", count: ProcessCommand.maximumLength)
    let java = process("java", "/usr/bin/java", command: ["java", long, "-jar", "orders.jar"])
    #expect(try verdict(.command, "*orders.jar*", java) == .unknown)
    #expect(try verdict(.command, "stock*", java) == .unknown)
    #expect(try verdict(.command, "java x*", java) == .yes, "no rest can change that")
    #expect(try verdict(.command, "java*x", java) == .unknown)
  }

  @Test func aProcessMatchesByItsProgram() throws {
    let orders = process(
      "java", "/usr/bin/java", command: ["java", "-jar", "/opt/orders.jar"])
    for name in ["java", "orders.jar", "orders*"] {
      #expect(try verdict(.process, name, orders) == .yes)
    }
    #expect(try verdict(.process, "stock.jar", orders) == .no)
  }

  @Test func anInterpreterWithAnUnreadCommandLineMayRunAnyProgram() throws {
    let unread = process("java", "/usr/bin/java", command: nil)
    #expect(try verdict(.process, "java", unread) == .yes)
    #expect(try verdict(.process, "orders.jar", unread) == .unknown, "never an exception missed")
    let nginx = process("nginx", "/usr/sbin/nginx", command: nil)
    #expect(try verdict(.process, "orders.jar", nginx) == .no)
  }

  @Test func commandsAreAFilterTerm() throws {
    let text = #"command = "*a, b*" and not command = java"#
    let predicate = try SelectionFilter.parse(text, names: FixedNames())
    #expect(predicate.needsOwners && predicate.needsCommands)
    let again = try SelectionFilter.parse("\(predicate)", names: FixedNames())
    #expect(again == predicate)
    #expect(try SelectionFilter.parse("process = java", names: FixedNames()).needsCommands == false)
  }

  @Test func onlyMatchingProcessesAreRead() throws {
    let predicate = try SelectionFilter.parse(
      "state close-wait and command = *orders*", names: FixedNames())
    let conditions = try #require(OwnerConditions(predicate))
    #expect(conditions.needsCommands && conditions.pids == nil)
    #expect(conditions.admit(process("java", "/bin/java", command: ["java", "orders.jar"])))
    #expect(!conditions.admit(process("java", "/bin/java", command: ["java", "stock.jar"])))
    #expect(conditions.admit(process("java", "/bin/java", command: nil)), "it may match")
  }
}
