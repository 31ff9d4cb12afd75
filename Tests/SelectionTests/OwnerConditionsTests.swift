import Connections
import Testing

@testable import Selection

@Suite struct OwnerConditionsTests {
  private static let java = OwnerProcess.process(1, "java", "/usr/bin/java")
  private static let sshd = OwnerProcess.process(2, "sshd", "/usr/sbin/sshd")

  private func conditions(_ filter: String) throws -> OwnerConditions? {
    OwnerConditions(try SelectionFilter.parse(filter, names: FixedNames()))
  }

  @Test(
    "A process that the selection asks for is admitted",
    arguments: [
      ("process = java", true, false), ("pid = 2", false, true), ("pid = 3", false, false),
      ("process = java or process = sshd", true, true), ("pid = 2 or process = ja*", true, true),
      ("process = java and pid = 2", true, true), ("established and process = java", true, false),
      ("port 80 and ( process = java or pid = 7 ) and idle > 1h", true, false),
      ("( port 80 or port 81 ) and not port 82 and process = sshd", false, true),
    ])
  func admitted(filter: String, java: Bool, sshd: Bool) throws {
    let conditions = try #require(try conditions(filter))
    #expect(conditions.admit(Self.java) == java && conditions.admit(Self.sshd) == sshd)
  }

  @Test(
    "There are no conditions if other processes matter too",
    arguments: [
      "port 80", "not process = java", "process != java", "process = java or port 80",
      "process = java and not process = sshd", "process = java and ( pid = 1 or idle > 1h )",
      "unit = nginx", "cgroup = /a", "container = 0a1b", "process = java and unit = nginx",
      "not ( pid = 1 and port 80 )", "process = java or ( pid = 1 and port 80 )",
    ])
  func none(filter: String) throws {
    #expect(try conditions(filter) == nil)
  }

  @Test("A process with an unknown name or executable is admitted")
  func unknown() throws {
    let conditions = try #require(try conditions("process = java"))
    #expect(conditions.admit(.process(3, nil, nil)))
    #expect(conditions.admit(.process(3, "other", nil)))
    #expect(!conditions.admit(.process(3, "other", "/usr/bin/other")))
  }

  @Test("Only terms about pids determine the processes in advance")
  func pids() throws {
    #expect(try conditions("pid = 2 or pid = 7")?.pids == [2, 7])
    #expect(try conditions("pid = 2 and pid = 7 and port 80")?.pids == [2, 7])
    #expect(try conditions("pid = 2 or process = java")?.pids == nil)
  }
}
