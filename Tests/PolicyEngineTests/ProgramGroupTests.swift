import Connections
import PolicyEngine
import Testing

@Suite("Groups of programs")
struct ProgramGroupTests {
  private func worker(
    _ pid: Int32, _ script: String, in group: String?
  ) -> OwnerProcess {
    OwnerProcess(
      identity: ProcessIdentity(pid: pid, startTicks: UInt64(pid)), name: "python3",
      executable: "/usr/bin/python3.11",
      command: ProcessCommand(cmdline: Array("python3\0/srv/\(script)\0".utf8)),
      keepsCommand: false, userID: 1000, controlGroup: group.map { ControlGroup(path: $0) })
  }

  private func groups(_ owners: [OwnerProcess]) -> [String] {
    let rows = owners.map { owner in
      SampleRow(owners: [owner], controlGroup: owner.controlGroup?.path.text)
    }
    return evaluate(rows, leakPolicy { $0.groupBy = .program })[0].groups
      .map { "\($0.label): \($0.rows)" }
  }

  @Test func theProcessesOfOneScriptInOneUnitCountTogether() {
    let unit = "/system.slice/shop.service"
    let owners = [
      worker(10, "shop.py", in: unit), worker(11, "shop.py", in: unit),
      worker(12, "mail.py", in: unit),
    ]
    #expect(groups(owners) == ["shop.py (shop.service): [0, 1]", "mail.py (shop.service): [2]"])
  }

  @Test func theSameScriptElsewhereIsAnotherProgram() {
    let id = String(repeating: "0a", count: 32)
    let owners = [
      worker(10, "shop.py", in: "/system.slice/shop.service"),
      worker(11, "shop.py", in: "/system.slice/docker-\(id).scope"),
      worker(12, "shop.py", in: nil),
    ]
    #expect(
      groups(owners) == [
        "shop.py: [2]", "shop.py (0a0a0a0a0a0a): [1]", "shop.py (shop.service): [0]",
      ])
  }

  @Test func identifiersOfProgramsDiffer() {
    let id = String(repeating: "0a", count: 32)
    let places: [Program.Place?] = [
      nil, .unit("a"), .unit("b"),
      ControlGroup(path: "/docker/\(id)").container.map { .container($0) },
    ]
    let names: [KernelName] = ["x", "y", KernelName(bytes: [0xff])]
    let keys = names.flatMap { name in
      places.map { GroupKey.program(Program(name: name, place: $0)).identifier }
    }
    #expect(Set(keys).count == names.count * places.count)
  }

  @Test func aConnectionWithoutAKnownOwnerIsUndecided() {
    let row = SampleRow(owners: [], ownersAreComplete: false)
    let found = evaluate([row], leakPolicy { $0.groupBy = .program })[0]
    #expect(found.groups.isEmpty && found.undecided.owner == 1)
  }
}
