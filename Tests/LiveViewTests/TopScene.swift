import Connections
import ProcessTable
import Reaping
import Scanning
import Screens
import Selection
import SystemPackage
import TestSupport

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// A fake machine, scanned repeatedly, and a live view of it.
struct TopScene {
  var sockets: [FakeSocket]
  let tree = ProcTree()
  /// The fake clock's time.
  var time = Duration.seconds(0)

  /// - Parameter processes: the inodes that each process holds.
  init(_ sockets: [FakeSocket], processes: KeyValuePairs<String, [UInt32]> = [:]) {
    self.sockets = sockets
    tree.process(9999, name: "bystander")
    for (index, entry) in processes.enumerated() {
      let pid = Int32(100 + index)
      tree.process(pid, name: entry.key)
      for (number, inode) in entry.value.enumerated() {
        tree.link("\(pid)/fd/\(number + 3)", to: "socket:[\(inode)]")
      }
    }
  }

  /// Two programs with various connections: 3 of `java`, 2 of `nginx`, one without a known owner.
  static func usual() -> TopScene {
    TopScene(
      [
        FakeSocket(cookie: 1, inode: 11) {
          $0.info = .idle(7_200_000)
          $0.peerPort = 1001
        },
        FakeSocket(cookie: 2, inode: 12) {
          $0.state = 8
          $0.info = .idle(5000)
          $0.peerPort = 1002
        },
        FakeSocket(cookie: 3, inode: 13) {
          $0.info = .idle(60_000)
          $0.peerPort = 1003
        },
        FakeSocket(cookie: 4, inode: 14) {
          $0.info = .idle(10)
          $0.peer = [10, 0, 0, 9]
          $0.peerPort = 1004
        },
        FakeSocket(cookie: 5, inode: 15) {
          $0.info = .idle(20)
          $0.peer = [10, 0, 0, 9]
          $0.peerPort = 1005
        },
        FakeSocket(cookie: 6, inode: 16) {
          $0.info = nil
          $0.peerPort = 1006
        },
      ], processes: ["java": [11, 12, 13], "nginx": [14, 15]])
  }

  /// Scans the machine.
  func scan(_ filter: (text: String, predicate: SelectionPredicate?) = ("", nil)) throws -> TopScan
  {
    let kernel = FakeKernel(sockets)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let moment = ScanMoment(
      bootID: "b", networkNamespace: 4711, uptime: 1 << 40, kernelRelease: "6.18")
    let predicate = (filter.predicate ?? .everything).limitedToDefaultStates()
    let snapshot = try scanner.scan(
      ScanRequest(predicate, reading: [.figures, .commands, .controlGroups, .listeners]), at: moment
    )
    return TopScan(
      snapshot: snapshot,
      text: ConnectionText(
        snapshot: snapshot, names: SystemNumbers(resolvesNames: false), commands: .all),
      filter: filter.text, start: time, length: .milliseconds(12), clock: "10:12:45")
  }

  /// A view of `width` and `height` after one scan, without groups unless told otherwise.
  func model(
    width: Int = 80, height: Int = 24, by grouping: Grouping? = nil, maximum: Int = .max
  ) throws -> TopModel {
    var model = TopModel(
      size: ScreenSize(width: width, height: height), interval: 2000, names: ScarceNames(),
      grouping: grouping, maximum: maximum)
    model.take(try scan())
    return model
  }

  /// The view as it starts, after one scan.
  func started(width: Int = 80, height: Int = 24) throws -> TopModel {
    try model(width: width, height: height, by: TopModel.defaultGrouping)
  }

  /// The view as it starts, after scans with these numbers of sockets in CLOSE-WAIT, every 2 s.
  mutating func started(closeWaits: [Int]) throws -> TopModel {
    var model = TopModel(
      size: ScreenSize(width: 80, height: 24), interval: 2000, names: ScarceNames())
    for count in closeWaits {
      for index in sockets.indices { sockets[index].state = index < count ? 8 : 1 }
      model.take(try scan())
      time += .seconds(2)
    }
    return model
  }

  /// A program whose sockets come and go: `orders.jar` with `count` sockets.
  static func leak(_ count: Int) -> TopScene {
    TopScene(
      (0..<count).map { index in
        FakeSocket(cookie: UInt64(index + 1), inode: UInt32(index + 11)) {
          $0.state = 8
          $0.info = .idle(1000)
          $0.peerPort = UInt16(1001 + index)
        }
      }, processes: ["orders": (0..<200).map { UInt32($0 + 11) }])
  }

  /// A plan to close the connections with these cookies, without a caller's session to guard.
  func plan(_ cookies: Set<UInt64>) throws -> Plan {
    let guards = Guards(
      caller: Caller(process: ProcessIdentity(pid: 1 << 20, startTicks: nil), ancestors: []),
      namedStates: [], unprotected: ["sshd"], machineInit: 1)
    return Plan(
      closing: try scan().snapshot.keeping { cookies.contains($0.cookie.rawValue) },
      guardedBy: guards)
  }
}

/// A resolver that knows one host and one service.
struct ScarceNames: NameResolver {
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    guard name == "db" else { throw .noSuchName }
    return [IPAddress(v4: 0x0a00_0009)]
  }
  func port(ofService name: String) -> UInt16? { name == "http" ? 80 : nil }
  func userID(of name: String) throws(LookupFailure) -> UInt32? { nil }
  func interfaceIndex(of name: String) -> UInt32? { nil }
  var serviceNames: [String] { ["http"] }
}

extension TopModel {
  /// The lines of the screen as text, without trailing spaces.
  var screen: [String] {
    picture.lines.map { line in
      var text = line.text
      while text.last == " " { text.removeLast() }
      return text
    }
  }

  /// The labels of the groups, from the top.
  var groupLabels: [String] { view.groups.map(\.group.label) }

  /// The line of the screen that contains `text`.
  func line(with text: String) -> String? { screen.first { $0.contains(text) } }

  /// Clicks at the first place where the screen shows `text`.
  @discardableResult
  mutating func click(_ text: String, offset: Int = 0) -> [Effect] {
    for (row, line) in screen.enumerated() {
      guard let range = line.firstRange(of: text) else { continue }
      let column = line[..<range.lowerBound].unicodeScalars.count + offset
      return handle([.mouse(ScreenMouse(.press, at: .init(row: row, column: column)))])
    }
    return []
  }

  /// The cookies of the table's connections, from the top.
  var cookies: [UInt64] {
    view.entries.compactMap { entry in
      if case .connection(let place) = entry {
        scan?.connections[place].cookie.rawValue
      } else {
        nil
      }
    }
  }

  /// The cookie of the connection under the cursor.
  var cookieUnderCursor: UInt64? {
    if case .connection(let key) = cursor { key.cookie.rawValue } else { nil }
  }

  /// The cookies of the marked connections.
  var marked: Set<UInt64> { Set(marks.keys.map(\.cookie.rawValue)) }

  /// Presses keys in order.
  @discardableResult
  mutating func press(_ keys: ScreenKey...) -> [Effect] {
    keys.flatMap { handle($0) }
  }

  /// Types `text`.
  @discardableResult
  mutating func type(_ text: String) -> [Effect] {
    text.unicodeScalars.flatMap { handle(.character($0)) }
  }

  /// Whether only the table is shown.
  var isTable: Bool { if case .table = mode { true } else { false } }
}

extension TopModel.Effect {
  var isScan: Bool { if case .scan = self { true } else { false } }
  var isQuit: Bool { if case .quit = self { true } else { false } }
  /// The text to copy; nil for another effect.
  var copied: String? { if case .copy(let text) = self { text } else { nil } }
  var isClose: Bool { if case .close = self { true } else { false } }
  /// The cookies of a requested plan; nil for another effect.
  var planned: Set<UInt64>? {
    guard case .plan(let chosen, _) = self else { return nil }
    return Set(chosen.map(\.connection.cookie.rawValue))
  }
  /// The text to look up; nil for another effect.
  var lookedUp: String? { if case .lookUp(let text) = self { text } else { nil } }
}

extension [TopModel.Effect] {
  var scans: Bool { contains(where: \.isScan) }
  var quits: Bool { contains(where: \.isQuit) }
  var closes: Bool { contains(where: \.isClose) }
}
