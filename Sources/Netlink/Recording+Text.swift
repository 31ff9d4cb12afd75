import SystemPackage

extension Recording {
  private static let title = "# connreap recording "
  private static let version = "1"
  private static let bytesPerLine = 32

  /// The text of the recording.
  public var text: [UInt8] {
    var text = Array((Self.title + Self.version + "\n").utf8)
    for fact in facts { text.append(contentsOf: "! \(fact.name) \(fact.value)\n".utf8) }
    for entry in entries { Self.append(entry, to: &text) }
    return text
  }

  private static func append(_ entry: Entry, to text: inout [UInt8]) {
    switch entry {
    case .request(let bytes):
      text.append(contentsOf: ">".utf8)
      append(bytes, to: &text)
    case .answer(let bytes, let senderPort, let isTruncated):
      text.append(contentsOf: "<".utf8)
      if isTruncated { text.append(contentsOf: " truncated".utf8) }
      if senderPort != 0 { text.append(contentsOf: " sender=\(senderPort)".utf8) }
      append(bytes, to: &text)
    case .failure(let errno):
      text.append(contentsOf: "< errno=\(errno.rawValue)\n".utf8)
    }
  }

  private static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    for (index, byte) in bytes.enumerated() {
      if index > 0, index % bytesPerLine == 0 { text.append(contentsOf: "\n ".utf8) }
      if index % 4 == 0 { text.append(UInt8(ascii: " ")) }
      if byte < 16 { text.append(UInt8(ascii: "0")) }
      text.appendHexadecimalDigits(of: byte)
    }
    text.append(UInt8(ascii: "\n"))
  }

  /// Whether text that starts with `bytes` can be a recording of any version.
  public static func isStart(of bytes: ArraySlice<UInt8>) -> Bool {
    bytes.starts(with: title.utf8.prefix(bytes.count))
  }

  /// Parses the text of a recording.
  public init(text: [UInt8]) throws(RecordingProblem) {
    self.init()
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var line = line
      while line.last == UInt8(ascii: "\r") { line.removeLast() }
      let number = index + 1
      guard number > 1 else {
        try Self.checkTitle(line)
        continue
      }
      guard let first = line.first else { continue }
      switch first {
      case UInt8(ascii: "#"): continue
      case UInt8(ascii: "!"): appendFact(line.dropFirst())
      case UInt8(ascii: ">"):
        entries.append(.request(try Self.bytes(Self.words(line.dropFirst()), line: number)))
      case UInt8(ascii: "<"): entries.append(try Self.answer(line.dropFirst(), line: number))
      case UInt8(ascii: " "):
        try continueLast(try Self.bytes(Self.words(line), line: number), line: number)
      default: throw RecordingProblem(line: number, fault: .unknownLine)
      }
    }
  }

  private static func checkTitle(_ line: ArraySlice<UInt8>) throws(RecordingProblem) {
    guard line.starts(with: title.utf8) else {
      throw RecordingProblem(line: 1, fault: .notARecording)
    }
    let found = String(decoding: line.dropFirst(title.utf8.count), as: UTF8.self)
    guard found == version else {
      throw RecordingProblem(line: 1, fault: .unknownVersion(found))
    }
  }

  private mutating func appendFact(_ line: ArraySlice<UInt8>) {
    let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard let name = parts.first else { return }
    let value = parts.dropFirst().first ?? []
    facts.append(
      Fact(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
  }

  private mutating func continueLast(_ bytes: [UInt8], line: Int) throws(RecordingProblem) {
    // Removed from the array, the datagram has one owner and grows in place: appending a line costs
    // only its own length.
    switch entries.popLast() {
    case .request(var datagram):
      datagram.append(contentsOf: bytes)
      entries.append(.request(datagram))
    case .answer(var datagram, let senderPort, let isTruncated):
      datagram.append(contentsOf: bytes)
      entries.append(.answer(datagram, senderPort: senderPort, isTruncated: isTruncated))
    case .failure, nil: throw RecordingProblem(line: line, fault: .nothingToContinue)
    }
  }

  private static func answer(_ line: ArraySlice<UInt8>, line number: Int) throws(RecordingProblem)
    -> Entry
  {
    var senderPort: UInt32 = 0
    var isTruncated = false
    var hexadecimal: [ArraySlice<UInt8>] = []
    for word in words(line) {
      guard word.contains(where: { $0 == UInt8(ascii: "=") || $0 > UInt8(ascii: "f") }) else {
        hexadecimal.append(word)
        continue
      }
      let mark = String(decoding: word, as: UTF8.self)
      let value = mark.split(separator: "=").dropFirst().first
      if mark == "truncated" {
        isTruncated = true
      } else if mark.hasPrefix("sender="), let port = value.flatMap({ UInt32($0) }) {
        senderPort = port
      } else if mark.hasPrefix("errno="), let code = value.flatMap({ Int32($0) }) {
        return .failure(Errno(rawValue: code))
      } else {
        throw RecordingProblem(line: number, fault: .unknownMark(mark))
      }
    }
    return .answer(
      try bytes(hexadecimal, line: number), senderPort: senderPort, isTruncated: isTruncated)
  }

  private static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split(separator: UInt8(ascii: " "))
  }

  private static func bytes(
    _ words: [ArraySlice<UInt8>], line: Int
  ) throws(RecordingProblem) -> [UInt8] {
    var bytes: [UInt8] = []
    for word in words {
      guard word.count.isMultiple(of: 2), word.allSatisfy({ hexadecimalValue($0) != nil }) else {
        throw RecordingProblem(
          line: line, fault: .notHexadecimal(String(decoding: word, as: UTF8.self)))
      }
      var high: UInt8?
      for value in word.compactMap(hexadecimalValue) {
        if let upper = high {
          bytes.append(upper << 4 | value)
          high = nil
        } else {
          high = value
        }
      }
    }
    return bytes
  }

  private static func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension [UInt8] {
  fileprivate mutating func appendHexadecimalDigits(of byte: UInt8) {
    append(contentsOf: String(byte, radix: 16).utf8)
  }
}
