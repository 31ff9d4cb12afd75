import Connections
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The rendering of the live view.
@Suite struct TopPictureTests {
  @Test func eightyColumnsHoldTheMainColumns() throws {
    var scene = TopScene.usual()
    var model = try scene.model(width: 80, height: 14)
    scene.time += .seconds(2)
    scene.sockets[4].info?.bytesAcked = 2_400_001
    model.take(try scene.scan())
    model.press(.down, " ")
    #expect(
      model.screen.joined(separator: "\n") == """
        connreap top  6 connections, held by 2 processes              every 2s  10:12:45
        5 ESTAB, 1 CLOSE-WAIT                                sent ≥1.1M/s  received ≥0/s
        by idle, longest first                                                  1 marked
          STATE      LOCAL          PEER           SENT/s RECV/s IDLE▼ PROCESS
          ESTAB      127.0.0.1:8080 127.0.0.1:1001      0      0 2h00m java[100] fd 3
        * ESTAB      127.0.0.1:8080 127.0.0.1:1003      0      0 1m00s java[100] fd 5
          CLOSE-WAIT 127.0.0.1:8080 127.0.0.1:1002      0      0    5s java[100] fd 4
          ESTAB      127.0.0.1:8080 10.0.0.9:1005    1.1M      0  20ms nginx[101] fd 4
          ESTAB      127.0.0.1:8080 10.0.0.9:1004       0      0  10ms nginx[101] fd 3
          ESTAB      127.0.0.1:8080 127.0.0.1:1006      –      –     – owner unknown



        ? help F2 columns F6 sort g group / filter Enter open Space mark k close q quit
        """)
  }

  @Test func aWideScreenShowsMoreColumns() throws {
    let heading = try #require(
      try TopScene.usual().model(width: 159).screen.first { $0.contains("STATE") })
    for title in ["IN-STATE", "RECV-Q", "SEND-Q", "RETRANS", "USER"] {
      #expect(heading.contains(title), "\(title)")
    }
    #expect(!heading.contains("NETNS") && !heading.contains("AGE"), "they are empty here")
  }

  @Test func aNarrowScreenShowsFewerColumns() throws {
    let screen = try TopScene.usual().model(width: 34).screen
    let heading = try #require(screen.first { $0.contains("STATE") })
    #expect(heading.split(separator: " ") == ["STATE", "PEER", "IDLE▼"])
  }

  /// The look of the span that contains `text`.
  private func look(of text: String, in model: TopModel) throws -> ScreenLook {
    let spans = model.picture.lines.flatMap(\.spans)
    return try #require(spans.first { $0.text.contains(text) }).look
  }

  @Test func colourHighlightsLongIdleConnectionsAndLeaks() throws {
    var model = try TopScene.usual().model()
    model.press(.end)
    #expect(try look(of: "2h00m", in: model).color == .yellow)
    #expect(try look(of: "1m00s", in: model).color == nil)
    #expect(try look(of: "CLOSE-WAIT", in: model).color == .red)
  }

  @Test func theCursorLineIsReversed() throws {
    var model = try TopScene.usual().model()
    model.press(.down)
    let lines = model.picture.lines.filter { line in
      line.spans.allSatisfy { $0.look.marks.contains(.reverse) }
    }
    #expect(lines.count == 2, "the cursor's line and the heading")
    #expect(lines[0].text.contains("STATE") && lines[1].text.contains(":1003"))
  }

  @Test func aNameCannotMoveTheCursor() throws {
    var scene = TopScene(
      [FakeSocket(cookie: 1, inode: 11)], processes: ["\u{1b}[2J\u{7}日本": [11]])
    scene.time = .seconds(1)
    for (keys, width) in [
      ([], 120), (["g"], 120), (["g"], 170), ([], 170), ([.enter], 120), (["k"], 120),
    ] as [([ScreenKey], Int)] {
      var model = try scene.model(width: width)
      for key in keys { _ = model.handle(key) }
      model.planned(.success(try scene.plan([1])), text: try scene.scan().text, number: 1)
      let text = model.picture.lines.map(\.text).joined()
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
      #expect(text.contains(#"\x1b[2J\x07日本[100]"#))
    }
  }

  @Test func typedTextCannotMoveTheCursor() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("\u{202e}\u{301}x")
    #expect(model.screen.contains(#"Filter: \u{202e}\u{301}x"#))
  }

  @Test func detailsShowAllKnownValues() throws {
    var model = try TopScene.usual().model(height: 50)
    model.press(.down, .down, .enter)
    let text = model.screen.joined(separator: "\n")
    #expect(model.screen[0] == " 127.0.0.1:8080 → 127.0.0.1:1002")
    #expect(text.contains("State           CLOSE-WAIT   the peer has closed"))
    #expect(text.contains("Process         java[100] fd 4"))
    #expect(text.contains("Executable      /usr/bin/java  of process 100"))
    #expect(text.contains("Cookie          0x2"))
    #expect(text.contains("Sent            –"))
    #expect(!text.contains("Container"), "optional unknown values are omitted")
  }

  @Test func detailsFollowTheConnectionAndReportWhenItIsGone() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    model.press(.enter)
    scene.sockets[0].receiveQueue = 77
    model.take(try scene.scan())
    #expect(model.screen.contains { $0.hasPrefix("Recv-Q          77") })
    scene.sockets.removeFirst()
    model.take(try scene.scan())
    #expect(model.screen[0].hasSuffix(" (gone)"))
    #expect(model.screen.contains { $0.hasPrefix("Recv-Q          77") }, "last known value")
  }

  @Test func pagesScrollWithinTheirLimits() throws {
    var model = try TopScene.usual().model(height: 10)
    model.press("?")
    let first = model.screen
    model.press(.up)
    #expect(model.screen == first)
    model.press(.end, .down, .pageDown)
    let last = model.screen
    #expect(last != first && last[8] != "")
    model.press(.home)
    #expect(model.screen == first)
  }

  @Test func paragraphsWrapAtSpaces() {
    func lines(_ text: String, _ width: Int, indent: Int = 0) -> [String] {
      ScreenLine.wrapped(text, to: width, indent: indent).map(\.text)
    }
    #expect(lines("one two three", 7) == ["one two", "three"])
    #expect(lines("one two three", 7, indent: 2) == ["one two", "  three"])
    #expect(lines("abcdefgh", 3) == ["abc", "def", "gh"])
    #expect(lines("日本語", 5) == ["日本", "語"])
    #expect(lines("", 5) == [""])
  }
}

/// The view stays consistent for any sequence of keys and scans.
@Suite struct TopPropertyTests {
  private static let keys: [ScreenKey] =
    [
      .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .enter, .escape, .backspace,
      .delete, .tab, .clear, .clearWord, .redraw, .other, .function(1), .function(2),
      .function(6), .function(9),
    ] + "qjksr<>/fgz aupPkyYnh?+-=idle1m()日cCm0123456789".unicodeScalars.map { .character($0) }

  @Test(arguments: 0..<24 as Range<UInt64>)
  func anySequenceOfKeysAndScansKeepsTheViewConsistent(seed: UInt64) throws {
    var random = Seeded(seed)
    var scene = TopScene.usual()
    let all = scene.sockets
    let sizes = [
      (80, 24), (1, 1), (170, 30), (160, 5), (2, 1), (1, 2), (200, 60), (79, 3), (13, 9), (40, 5),
      (60, 7),
    ]
    let (width, height) = sizes[Int(seed) % sizes.count]
    var model = try scene.model(
      width: width, height: height, by: seed.isMultiple(of: 3) ? nil : .program, maximum: 1)
    for round in 0..<120 {
      switch UInt8.random(in: 0..<20, using: &random) {
      case 0:
        scene.sockets = all.filter { _ in Bool.random(using: &random) }
        for index in scene.sockets.indices {
          scene.sockets[index].state = [1, 8, 5, 4].randomElement(using: &random) ?? 1
          scene.sockets[index].info?.bytesAcked = UInt64.random(in: 0...9_000_000, using: &random)
        }
        scene.time += .milliseconds(Int64.random(in: 0...4000, using: &random))
        model.take(try scene.scan(Bool.random(using: &random) ? model.wanted : ("", nil)))
      case 1:
        model.resize(
          to: ScreenSize(
            width: Int.random(in: 1...220, using: &random),
            height: Int.random(in: 1...40, using: &random)))
      case 2:
        model.planned(.success(try scene.plan([1, 2, 6])), text: nil, number: model.planNumber)
      case 3:
        model.planned(
          .failure(CommandFailure(.failed, "no", remedy: "a\nb")), text: nil,
          number: model.planNumber)
      case 4:
        if case .closing = model.mode {
          _ = model.closed(
            TopOutcomes(outcomes: [], reactions: [], text: nil, failure: .silent(.failed)))
        }
      case 5, 6:
        let place = ScreenPicture.Place(
          row: Int.random(in: 0...45, using: &random),
          column: Int.random(in: 0...230, using: &random))
        let actions: [ScreenMouse.Action] = [.press, .press, .wheelUp, .wheelDown]
        let action = actions.randomElement(using: &random) ?? .press
        model.handle([.mouse(ScreenMouse(action, at: place))])
      default: _ = model.handle(Self.keys.randomElement(using: &random) ?? .other)
      }
      check(model, "seed \(seed), round \(round)")
    }
  }

  private func check(_ model: TopModel, _ context: String) {
    let picture = model.picture
    #expect(picture.lines.count == model.size.height, "\(context)")
    for line in picture.lines {
      #expect(line.width == model.size.width, "\(context): \(line.text)")
    }
    if let cursor = picture.cursor {
      #expect((0..<model.size.height).contains(cursor.row), "\(context)")
      #expect((0..<model.size.width).contains(cursor.column), "\(context)")
    }
    let count = model.view.entries.count
    #expect(
      count == 0 ? model.cursorIndex == 0 : (0..<count).contains(model.cursorIndex), "\(context)")
    #expect((model.cursor == nil) == (count == 0), "\(context)")
    guard count > 0, model.isTable else { return }
    let visible = model.scroll..<model.scroll + model.tableHeight
    #expect(visible.contains(model.cursorIndex), "\(context): the cursor is visible")
    let bars = picture.lines.count { line in
      line.spans.prefix { !$0.text.hasPrefix("│") }.allSatisfy { $0.look.marks.contains(.reverse) }
    }
    #expect(bars == model.headingCount + 1, "\(context): the headings and the cursor's line")
  }
}
