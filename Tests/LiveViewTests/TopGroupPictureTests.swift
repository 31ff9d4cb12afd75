import Connections
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The rendering of groups on terminals of several widths.
@Suite struct TopGroupPictureTests {
  /// Two leaking programs, one of them in several processes, and two others, after a minute.
  private func model(width: Int, height: Int) throws -> TopModel {
    var scene = TopScene(
      (1...40).map { number in
        FakeSocket(cookie: UInt64(number), inode: UInt32(100 + number)) {
          $0.state = number <= 18 ? 8 : 1
          $0.info = .idle(number <= 12 ? 8_000_000 : 90_000)
          $0.receiveQueue = number <= 18 ? 1 : 0
          $0.peer = [10, 20, 0, number.isMultiple(of: 3) ? 22 : 21]
          $0.peerPort = UInt16(40_000 + number)
        }
      }, processes: [:])
    let programs: [(pid: Int32, name: String, unit: String?, sockets: ClosedRange<Int32>)] = [
      (2210, "orders", "orders", 101...108), (2211, "orders", "orders", 109...116),
      (47, "payments-api", "payments", 117...130), (801, "nginx", "nginx", 131...139),
      (900, "a-tool", nil, 140...140),
    ]
    for program in programs {
      scene.tree.process(program.pid, name: program.name)
      if let unit = program.unit {
        scene.tree.file("\(program.pid)/cgroup", "0::/system.slice/\(unit).service\n")
      }
      for inode in program.sockets {
        scene.tree.link("\(program.pid)/fd/\(inode)", to: "socket:[\(inode)]")
      }
    }
    var model = TopModel(
      size: ScreenSize(width: width, height: height), interval: 2000, names: ScarceNames())
    let all = scene.sockets
    for step in 0..<8 {
      scene.sockets = all
      for index in (4 + step)..<12 { scene.sockets[index].state = 1 }
      for index in all.indices { scene.sockets[index].info?.bytesAcked = UInt64(1000 * step) }
      if step < 6 { scene.sockets.removeSubrange(29..<33) }
      scene.time += .seconds(8)
      model.take(try scene.scan())
    }
    return model
  }

  private func picture(_ model: TopModel) -> String { "\n" + model.screen.joined(separator: "\n") }

  @Test func eightyColumns() throws {
    var model = try model(width: 80, height: 14)
    #expect(
      picture(model) == """

        connreap top  40 connections, held by 5 processes             every 2s  10:12:45
        23 ESTAB, 17 CLOSE-WAIT                                sent 4.8k/s  received 0/s
        grouped by program, by CLOSE-WAIT, largest first
            PROGRAM          UNIT             COUNT CLOSE-WAIT▼ CHANGE TREND    OLDEST
          ▸ orders[2210] +1  orders.service      16          15      0 ▅▅▆▆▇▇██  2h13m
          ▸ payments-api[47] payments.service    14           2     +1 ████████  1m30s
          ▸ nginx[801]       nginx.service        9           0     +3           1m30s
          ▸ a-tool[900]      –                    1           0      0           1m30s





        ? help F2 columns F6 sort g group / filter Enter open Space mark k close q quit
        """)
    model.press(.enter, .down, " ")
    #expect(
      picture(model) == """

        connreap top  40 connections, held by 5 processes             every 2s  10:12:45
        23 ESTAB, 17 CLOSE-WAIT                                sent 4.8k/s  received 0/s
        grouped by program, by CLOSE-WAIT, largest first                        1 marked
            PROGRAM          UNIT             COUNT CLOSE-WAIT▼ CHANGE TREND    OLDEST
            STATE      LOCAL  PEER             SENT/s RECV/s IDLE▼ PROCESS
        · ▾ orders[2210] +1  orders.service      16          15      0 ▅▅▆▆▇▇██  2h13m
        *   CLOSE-WAIT :8080  10.20.0.21:40001    125      0 2h13m orders[2210] fd 101
            CLOSE-WAIT :8080  10.20.0.21:40002    125      0 2h13m orders[2210] fd 102
            CLOSE-WAIT :8080  10.20.0.22:40003    125      0 2h13m orders[2210] fd 103
            CLOSE-WAIT :8080  10.20.0.21:40004    125      0 2h13m orders[2210] fd 104
            CLOSE-WAIT :8080  10.20.0.21:40005    125      0 2h13m orders[2210] fd 105
            CLOSE-WAIT :8080  10.20.0.22:40006    125      0 2h13m orders[2210] fd 106
            CLOSE-WAIT :8080  10.20.0.21:40007    125      0 2h13m orders[2210] fd 107
        ? help F2 columns F6 sort g group / filter Enter open Space mark k close q quit
        """)
  }

  @Test func oneHundredAndTwentyColumns() throws {
    let model = try model(width: 120, height: 12)
    #expect(
      picture(model) == """

        connreap top  40 connections, held by 5 processes                                                     every 2s  10:12:45
        23 ESTAB, 17 CLOSE-WAIT                                                                        sent 4.8k/s  received 0/s
        grouped by program, by CLOSE-WAIT, largest first
            PROGRAM           UNIT              COUNT  CLOSE-WAIT▼  CHANGE  TREND             IDLE 1h+  OLDEST  SENT/s  RECV/s
          ▸ orders[2210] +1   orders.service       16           15       0  ▅▅▅▅▆▆▆▆▆▇▇▇▇███        12   2h13m    1.9k       0
          ▸ payments-api[47]  payments.service     14            2      +1  ████████████████         0   1m30s    1.7k       0
          ▸ nginx[801]        nginx.service         9            0      +3                           0   1m30s    1.0k       0
          ▸ a-tool[900]       –                     1            0       0                           0   1m30s     125       0



        ? help F2 columns F6 sort g group / filter Enter open Space mark k close c copy p pause q quit
        """)
  }

  @Test func oneHundredAndSeventyColumns() throws {
    let model = try model(width: 170, height: 28)
    #expect(
      picture(model) == """

        connreap top  40 connections, held by 5 processes                                                                                                       every 2s  10:12:45
        23 ESTAB, 17 CLOSE-WAIT                                                                                                                          sent 4.8k/s  received 0/s
        grouped by program, by CLOSE-WAIT, largest first
            PROGRAM          UNIT             COUNT CLOSE-WAIT▼ CHANGE TREND            OLDEST SENT/s RECV/s  │ orders[2210] +1
          ▸ orders[2210] +1  orders.service      16          15      0 ▅▅▅▅▆▆▆▆▆▇▇▇▇███  2h13m   1.9k      0  │ Connections     16
          ▸ payments-api[47] payments.service    14           2     +1 ████████████████  1m30s   1.7k      0  │                 1 ESTAB
          ▸ nginx[801]       nginx.service        9           0     +3                   1m30s   1.0k      0  │                 15 CLOSE-WAIT
          ▸ a-tool[900]      –                    1           0      0                   1m30s    125      0  │ Change          0 in 56s
                                                                                                              │ CLOSE-WAIT      ▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇█████
                                                                                                              │ Longest idle    2h13m
                                                                                                              │ Idle 1h+        12
                                                                                                              │ Sent            1.9k/s
                                                                                                              │ Received        0/s
                                                                                                              │ Recv-Q          16
                                                                                                              │ Send-Q          0
                                                                                                              │ Processes       8  orders[2210]
                                                                                                              │                 8  orders[2211]
                                                                                                              │ Peers           11  10.20.0.21
                                                                                                              │                  5  10.20.0.22
                                                                                                              │
                                                                                                              │
                                                                                                              │
                                                                                                              │
                                                                                                              │
                                                                                                              │
                                                                                                              │
                                                                                                              │
        ? help F2 columns F6 sort g group / filter Enter open Space mark k close c copy p pause q quit
        """)
  }

  @Test func aListBesideTheTable() throws {
    var model = try model(width: 80, height: 18)
    model.press(.function(6))
    #expect(
      picture(model) == """

        connreap top  40 connections, held by 5 processes             every 2s  10:12:45
        23 ESTAB, 17 CLOSE-WAIT                                sent 4.8k/s  received 0/s
        grouped by program, by CLOSE-WAIT, largest first
         Sort groups by            │    PROGRAM          COUNT CLOSE-WAIT▼ CHANGE OLDEST
           program                 │  ▸ orders[2210] +1     16          15      0  2h13m
           unit                    │  ▸ payments-api[47]    14           2     +1  1m30s
           count                   │  ▸ nginx[801]           9           0     +3  1m30s
         ▼ CLOSE-WAIT              │  ▸ a-tool[900]          1           0      0  1m30s
           change                  │
           idle 1h+                │
           oldest                  │
           sent/s                  │
           recv/s                  │
           recv-queue              │
           send-queue              │
                                   │
                                   │
        Enter sort r reverse Esc close ↑↓ move
        """)
  }
}
