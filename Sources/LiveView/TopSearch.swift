import Connections
import Presentation
import ProcessTable
import Rendering
import Scanning

/// Finds a word in what the table shows of a connection: state, ends, owners with their command
/// lines, units and containers, and the user. Upper and lower case of ASCII letters are the same.
struct TopSearch {
  private let scan: TopScan
  private let word: [UInt8]
  /// Whether each process of the snapshot's owners has the word.
  private let isInProcess: [Bool]
  private var isInUser: [UInt32: Bool] = [:]
  private var text: [UInt8] = []

  init(_ word: String, in scan: TopScan) {
    self.scan = scan
    let needle = Self.folded(word)
    self.word = needle
    isInProcess = (scan.snapshot.owners?.processes ?? []).map { process in
      var text: [UInt8] = []
      let group = process.controlGroup
      let names = [
        process.label, process.program, process.executable, scan.text.command(of: process),
        group?.unit, group?.container?.label, group?.pod?.label,
      ]
      for name in names {
        if let name { EscapedText.append(name, to: &text) }
        text.append(UInt8(ascii: "\n"))
      }
      return Self.contains(needle, in: text)
    }
  }

  /// Whether the word is in the connection at `place`.
  mutating func matches(_ place: UInt32) -> Bool {
    let connection = scan.connections[Int(place)]
    switch scan.snapshot.attribution(of: connection) {
    case .held(let holdings):
      if holdings.contains(where: { isInProcess[Int($0.process)] }) { return true }
    case .inAcceptQueue(_, let holdings):
      if holdings.contains(where: { isInProcess[Int($0.process)] }) { return true }
    case .minisocket, .orphan, .unknown, .notRead: break
    }
    text.removeAll(keepingCapacity: true)
    text.append(contentsOf: connection.state.label.utf8)
    text.append(UInt8(ascii: "\n"))
    scan.text.appendEnd(.local, of: connection, to: &text)
    text.append(UInt8(ascii: "\n"))
    scan.text.appendEnd(.peer, of: connection, to: &text)
    return Self.contains(word, in: text) || isInUser(of: connection)
  }

  private mutating func isInUser(of connection: Connection) -> Bool {
    guard let id = connection.userID else { return false }
    if let known = isInUser[id] { return known }
    let name = EscapedText.escaped(scan.text.user(of: connection) ?? "")
    let isInName = Self.contains(word, in: Array(name.utf8))
    isInUser[id] = isInName
    return isInName
  }

  private static func folded(_ text: String) -> [UInt8] { text.utf8.map(lowercase) }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  /// Whether `word`, in lower case, is in `text`.
  private static func contains(_ word: [UInt8], in text: [UInt8]) -> Bool {
    guard let first = word.first, word.count <= text.count else { return word.isEmpty }
    return (0...text.count - word.count).contains { start in
      lowercase(text[start]) == first
        && word.indices.allSatisfy { lowercase(text[start + $0]) == word[$0] }
    }
  }
}
