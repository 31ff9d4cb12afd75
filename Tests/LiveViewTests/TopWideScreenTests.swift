import Connections
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The details pane of a wide screen.
@Suite struct TopWideScreenTests {
  @Test func thePaneAppearsFrom160Columns() throws {
    for (width, hasPane) in [(159, false), (160, true), (300, true)] {
      let model = try TopScene.usual().started(width: width)
      #expect((model.line(with: "│") != nil) == hasPane, "\(width)")
    }
  }

  /// The pane's text.
  private func pane(_ model: TopModel) -> String {
    model.screen.compactMap { line in
      line.split(separator: "│", maxSplits: 1).dropFirst().first.map(String.init)
    }.joined(separator: "\n")
  }

  @Test func itShowsTheGroupUnderTheCursor() throws {
    var scene = TopScene.usual()
    var model = try scene.started(width: 170)
    scene.time += .seconds(60)
    scene.sockets.append(FakeSocket(cookie: 9, inode: 13) { $0.peerPort = 1009 })
    model.take(try scene.scan())
    let text = pane(model)
    #expect(text.hasPrefix(" java[100]\n"))
    #expect(text.contains("Connections     4"))
    #expect(text.contains("3 ESTAB") && text.contains("1 CLOSE-WAIT"))
    #expect(text.contains("Change          +1 in 1m00s, +1.0/min"))
    #expect(text.contains("Longest idle    2h00m"))
    #expect(text.contains("Processes       4  java[100]"))
    #expect(text.contains("Peers           4  127.0.0.1"))
    model.press(.down)
    #expect(pane(model).contains("Processes       2  nginx[101]"))
    #expect(pane(model).contains("Peers           2  10.0.0.9"))
  }

  @Test func itNamesTheLargestPeers() throws {
    let scene = TopScene(
      (1...12).map { number in
        FakeSocket(cookie: UInt64(number), inode: UInt32(10 + number)) {
          $0.peer = [10, 0, 0, number < 4 ? 99 : UInt8(number)]
          $0.peerPort = UInt16(1000 + number)
        }
      }, processes: ["app": (11...22).map { UInt32($0) }])
    let text = pane(try scene.model(width: 170, height: 40, by: .program))
    #expect(text.contains("Peers           3  10.0.0.99"))
    #expect(text.contains("\n                 2 more"))
  }

  @Test func itShowsTheConnectionUnderTheCursor() throws {
    var model = try TopScene.usual().started(width: 170, height: 50)
    model.press(.enter, .down, .down, .down)
    let text = pane(model)
    #expect(text.contains(" 127.0.0.1:8080 → 127.0.0.1:1002"))
    #expect(text.contains("State           CLOSE-WAIT"))
    #expect(text.contains("Command         java"), "the test runs as the owner or as root")
    #expect(!text.contains("the peer has closed"), "the page explains, the pane does not")
  }

  @Test func aLongValueContinuesInsteadOfBeingCut() throws {
    let scene = TopScene([FakeSocket(cookie: 1, inode: 11)])
    let words = (1...20).map { "--option-\($0)" }
    scene.tree.process(300, name: "app", command: ["app"] + words, links: [3: "socket:[11]"])
    for (width, keys) in [(170, []), (80, [ScreenKey.enter])] {
      var model = try scene.model(width: width, height: 60)
      for key in keys { _ = model.handle(key) }
      for word in words { #expect(model.line(with: word) != nil, "\(word) at \(width)") }
    }
  }

  @Test func aMenuReplacesThePane() throws {
    var model = try TopScene.usual().started(width: 170)
    model.press(.function(6))
    #expect(model.line(with: "Sort groups by") != nil && !pane(model).contains("Processes"))
    model.press(.escape)
    #expect(pane(model).contains("Processes"))
  }

  @Test func barsSpanTheWidth() throws {
    for width in [80, 120, 159, 160, 170, 240] {
      var model = try TopScene.usual().started(width: width)
      model.press(.enter)
      let lines = model.picture.lines
      func isReversed(_ span: ScreenLine.Span) -> Bool { span.look.marks.contains(.reverse) }
      #expect(lines[3].spans.allSatisfy(isReversed), "the heading of groups at \(width)")
      #expect(lines[4].spans.allSatisfy(isReversed), "the heading of connections at \(width)")
      let cursor = lines[5].spans.prefix { !$0.text.hasPrefix("│") }
      #expect(cursor.allSatisfy(isReversed), "the cursor at \(width)")
      #expect(cursor.allSatisfy { $0.look.color == nil }, "in one colour")
      let pane = width < 160 ? 0 : min(80, width * 2 / 5)
      #expect(ScreenLine(Array(cursor)).width == width - pane)
    }
  }
}

/// New rows, copied addresses and words to search for.
@Suite struct TopRowTests {
  @Test func newConnectionsAreHighlightedForAMoment() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    #expect(!model.screen.contains { $0.hasPrefix("+") })
    scene.sockets.append(FakeSocket(cookie: 7, inode: 13) { $0.peerPort = 1007 })
    scene.time += .seconds(2)
    model.take(try scene.scan())
    #expect(model.screen.filter { $0.hasPrefix("+ ") }.map { $0.contains(":1007") } == [true])
    let span = model.picture.lines.flatMap(\.spans).first { $0.text.contains(":1007") }
    #expect(span?.look.color == .green)
    scene.time += .seconds(4)
    model.take(try scene.scan())
    #expect(model.screen.contains { $0.hasPrefix("+ ") })
    scene.time += .seconds(2)
    model.take(try scene.scan())
    #expect(!model.screen.contains { $0.hasPrefix("+ ") })
  }

  @Test func connectionsThatAWiderFilterShowsAreNotNew() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    model.press("/")
    model.type("process = java")
    model.press(.enter)
    scene.time += .seconds(2)
    model.take(try scene.scan(model.wanted))
    model.press("/", .clear, .enter)
    scene.time += .seconds(2)
    model.take(try scene.scan(model.wanted))
    #expect(model.cookies.count == 6 && !model.screen.contains { $0.hasPrefix("+") })
  }

  @Test func newGroupsAreHighlighted() throws {
    var scene = TopScene.usual()
    var model = try scene.started()
    scene.tree.process(400, name: "late", links: [3: "socket:[77]"])
    scene.sockets.append(FakeSocket(cookie: 7, inode: 77))
    scene.time += .seconds(2)
    model.take(try scene.scan())
    #expect(model.line(with: "late")?.hasPrefix("+ ▸ late[400]") == true)
  }

  @Test func cCopiesTheAddressUnderTheCursor() throws {
    var model = try TopScene.usual().model()
    let peer = model.press("c")
    let local = model.press("C")
    let onPage = model.press(.enter, "c", "C")
    #expect(peer.compactMap(\.copied) == ["127.0.0.1:1001"])
    #expect(local.compactMap(\.copied) == ["127.0.0.1:8080"])
    #expect(onPage.compactMap(\.copied) == ["127.0.0.1:1001", "127.0.0.1:8080"])
    model = try TopScene.usual().model(by: .peer)
    let ofGroup = model.press(.down, "c")
    #expect(ofGroup.compactMap(\.copied) == ["10.0.0.9"])
  }

  @Test func aGroupWithoutAddressIsNotCopied() throws {
    var model = try TopScene.usual().started()
    let effects = model.press("c")
    #expect(effects.isEmpty)
    #expect(model.line(with: "this line has no address") != nil)
    model = try TopScene([]).model()
    let none = model.press("c", "C")
    #expect(none.isEmpty)
  }

  @Test(
    arguments: [
      ("JAVA", [1, 3, 2]), ("ngin", [5, 4]), ("10.0.0", [5, 4]), (":1006", [6]), ("lose-wai", [2]),
      ("/usr/bin/nginx", [5, 4]), ("1003", [3]), ("[101]", [5, 4]), ("nothing-like-it", []),
    ] as [(String, [UInt64])])
  func aWordIsSearchedForIfItIsNoExpression(word: String, found: [UInt64]) throws {
    var model = try TopScene.usual().model()
    model.press("/")
    let effects = model.type(word) + model.press(.enter)
    #expect(model.isTable && model.cookies == found)
    #expect(!effects.scans, "the scan has all connections already")
    #expect(model.line(with: "search \(word)") != nil)
    #expect(model.wanted.text == "" && model.wanted.predicate == nil)
  }

  @Test func anExpressionOfOneWordIsAnExpression() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("close-wait")
    #expect(model.cookies == [2] && model.filter.word == nil && model.filter.predicate != nil)
  }

  @Test func anUnfinishedOrWrongExpressionIsNotSearchedFor() throws {
    for text in ["idle", "not", "idle > 1h and foo", "proces=java", "process = ", "(java"] {
      var model = try TopScene.usual().model()
      model.press("/")
      model.type(text)
      #expect(model.filter.word == nil || model.filter.problem != nil, "\(text)")
      model.press(.enter)
      #expect(!model.isTable, "\(text)")
    }
  }

  @Test func aSearchFollowsTheScansAndEscapeRestoresIt() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    model.press("/")
    model.type("java")
    model.press(.enter)
    scene.sockets.remove(at: 2)
    model.take(try scene.scan(model.wanted))
    #expect(model.cookies == [1, 2])
    model.press("/", .clear)
    model.type("idle > 1h")
    model.press(.escape)
    #expect(model.cookies == [1, 2] && model.filter.word == "java")
    model.press("/", .clear, .enter)
    #expect(model.cookies.count == 5 && model.filter.word == nil)
  }
}
