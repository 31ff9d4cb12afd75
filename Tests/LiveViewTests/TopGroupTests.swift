import Connections
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Groups, their order and their marks.
@Suite struct TopGroupTests {
  @Test func itStartsWithFoldedProgramsWorstFirst() throws {
    var scene = TopScene.usual()
    scene.sockets[4].state = 8
    scene.sockets[3].state = 8
    let model = try scene.started()
    #expect(model.grouping == .program)
    #expect(model.groupLabels == ["nginx", "java", "owner unknown"], "most CLOSE-WAIT first")
    #expect(model.cookies == [] && model.view.entries.count == 3)
    #expect(model.screen[2] == "grouped by program, by CLOSE-WAIT, largest first")
  }

  @Test func gCyclesThroughTheGroupings() throws {
    var model = try TopScene.usual().model()
    var seen: [Grouping?] = []
    for _ in 0..<5 {
      model.press("g")
      seen.append(model.grouping)
    }
    #expect(seen == [.program, .process, .peer, .unit, nil])
  }

  @Test func equalGroupsAreSortedByCountThenName() throws {
    var scene = TopScene.usual()
    scene.sockets[1].state = 1
    let model = try scene.started()
    #expect(model.groupLabels == ["java", "nginx", "owner unknown"])
  }

  @Test func programsWithSeveralProcessesShowTheFirstPidAndTheNumberOfOthers() throws {
    let scene = TopScene(
      (1...3).map { FakeSocket(cookie: UInt64($0), inode: UInt32(10 + $0)) },
      processes: ["app": [11], "worker": [12], "app ": []])
    scene.tree.process(300, name: "app", links: [3: "socket:[13]"])
    var model = try scene.model(by: .program)
    #expect(model.line(with: "app")?.hasPrefix("  ▸ app[100] +1") == true)
    #expect(model.line(with: "worker")?.hasPrefix("  ▸ worker[101] ") == true)
    model.press("g")
    #expect(model.groupLabels == ["app[100]", "app[300]", "worker[101]"])
  }

  @Test func aPidAndTheNumberOfOthersAreNeverCut() throws {
    let name = "a-long-name-abc"
    let scene = TopScene(
      (1...2).map { FakeSocket(cookie: UInt64($0), inode: UInt32(10 + $0)) },
      processes: [:])
    for pid in [4_194_303, 4_194_304] as [Int32] {
      scene.tree.process(pid, name: name, links: [3: "socket:[\(pid - 4_194_292)]"])
    }
    for width in 27...80 {
      let model = try scene.model(width: width, by: .program)
      #expect(model.screen.joined().contains("[4194303] +1"), "\(width)")
    }
  }

  @Test func enterArrowsAndZFoldAndUnfold() throws {
    var model = try TopScene.usual().started()
    model.press(.enter)
    #expect(model.cookies == [1, 3, 2] && model.isTable && model.cursorIndex == 0)
    model.press(.down, .down, .left)
    #expect(model.cookies == [] && model.cursorIndex == 0, "the cursor is on the group again")
    model.press(.left)
    #expect(model.cookies == [])
    model.press(.right, .right)
    #expect(model.cookies == [1, 3, 2])
    model.press("z")
    #expect(model.cookies == [1, 3, 2, 5, 4, 6])
    model.press("z")
    #expect(model.cookies == [])
    model.press("g", "g", "g", "g")
    #expect(model.cookies.count == 6)
  }

  @Test func theHeadingOfConnectionsIsShownOnlyIfThereAreSome() throws {
    var model = try TopScene.usual().started()
    #expect(model.line(with: "PROGRAM") != nil && model.line(with: "STATE") == nil)
    model.press(.enter)
    #expect(model.screen[3].contains("PROGRAM") && model.screen[4].contains("STATE"))
    model = try TopScene.usual().model()
    #expect(model.line(with: "COUNT") == nil && model.line(with: "STATE") != nil)
  }

  @Test func aGroupIsMarkedAsAWhole() throws {
    var model = try TopScene.usual().started()
    model.press(" ")
    #expect(model.marked == [1, 2, 3])
    #expect(model.line(with: "java")?.hasPrefix("* ▸ java[100]") == true)
    model.press(.home, " ")
    #expect(model.marked == [])
    model.press(.home, .enter, .down, " ", .home, .enter)
    #expect(model.line(with: "java")?.hasPrefix("· ▸ java[100]") == true, "partly marked")
  }

  @Test func kOnAGroupWithoutMarksPlansNothing() throws {
    var model = try TopScene.usual().started()
    let effects = model.press("k")
    #expect(effects.isEmpty && model.isTable)
    #expect(model.line(with: "nothing is marked") != nil)
  }

  @Test func peerGroupsAreByAddress() throws {
    let model = try TopScene.usual().model(by: .peer)
    #expect(model.groupLabels == ["127.0.0.1", "10.0.0.9"])
    #expect(model.line(with: "PEER") != nil)
    #expect(model.line(with: "▸ 10.0.0.9")?.contains(/10\.0\.0\.9 +2 +0/) == true)
  }

  @Test func keysSortWhatTheCursorIsOn() throws {
    var model = try TopScene.usual().started()
    model.press("s")
    #expect(model.groupOrder.column == .change && model.order == .worstFirst)
    model.press("<", "<", "r")
    #expect(model.groupOrder == TopGroupOrder(.count).reversed)
    #expect(model.groupLabels == ["owner unknown", "nginx", "java"])
    #expect(model.screen[2] == "grouped by program, by count, smallest first")
    model.press(.end, .enter, .down, "s")
    #expect(model.groupOrder.column == .count && model.order.column == .list(.inState))
  }

  @Test func everyColumnSortsAndUnknownValuesComeLast() throws {
    var scene = TopScene.usual()
    var model = try scene.model(by: .program)
    for index in 0..<3 { scene.sockets[index].info?.bytesAcked = 2001 }
    scene.sockets[3].info?.bytesAcked = 9001
    scene.sockets[5].receiveQueue = 70
    scene.sockets.append(FakeSocket(cookie: 7, inode: 15) { $0.info = .idle(3) })
    scene.time += .seconds(1)
    model.take(try scene.scan())
    func labels(by column: TopGroupColumn) -> [String] {
      var model = model
      model.setOrder(TopGroupOrder(column))
      return model.groupLabels
    }
    #expect(labels(by: .name) == ["java", "nginx", "owner unknown"])
    #expect(labels(by: .count) == ["java", "nginx", "owner unknown"])
    #expect(labels(by: .change) == ["nginx", "java", "owner unknown"])
    #expect(labels(by: .oldest) == ["java", "nginx", "owner unknown"])
    #expect(labels(by: .sent) == ["nginx", "java", "owner unknown"])
    #expect(labels(by: .receiveQueue)[0] == "owner unknown")
    model.setOrder(TopGroupOrder(.sent).reversed)
    #expect(model.groupLabels == ["java", "nginx", "owner unknown"], "unknown is not the least")
  }

  @Test func groupRatesAreSums() throws {
    var scene = TopScene.usual()
    var model = try scene.model(width: 110, by: .process)
    for index in 0..<3 { scene.sockets[index].info?.bytesAcked = 2001 }
    scene.time += .seconds(2)
    model.take(try scene.scan())
    let java = try #require(model.line(with: "java[100]"))
    #expect(java.contains(/2h00m +2\.9k +0/))
    let unknown = try #require(model.line(with: "owner unknown"))
    #expect(unknown.contains(/– +– +– +–/), "unknown is not zero")
  }

  @Test func theFoldStateAndTheCursorFollowTheirGroup() throws {
    var scene = TopScene.usual()
    var model = try scene.started()
    model.press(.down, .enter)
    #expect(model.cookies == [5, 4])
    scene.sockets[3].state = 8
    scene.sockets[4].state = 8
    model.take(try scene.scan())
    #expect(model.groupLabels[0] == "nginx" && model.cookies == [5, 4])
    #expect(model.cursorIndex == 0)
  }
}
