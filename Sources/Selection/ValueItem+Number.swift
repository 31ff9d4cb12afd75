import Connections

// Ports, pids, users, marks and sizes.
extension ValueItem {
  /// The item as a port, a port range or the port of a service.
  func ports(_ names: some NameResolver) throws(SelectionProblem) -> ClosedRange<UInt16> {
    if text.isDigits {
      let port = try portNumber(at: range)
      return port...port
    }
    if let dash = offset(of: UInt8(ascii: "-")) {
      let lowRange = range.lowerBound..<dash
      if lowRange.isEmpty || text(lowRange).isDigits {
        return try portRange(lowRange, dash..<dash + 1, dash + 1..<range.upperBound)
      }
    }
    guard text.unicodeScalars.contains(where: \.properties.isAlphabetic) else {
      throw problem(.notAPort)
    }
    guard let port = names.port(ofService: String(text)) else {
      guard !names.isUDPService(String(text)) else { throw problem(.udpService) }
      let suggestion = NearestWord.to(text, among: names.serviceNames)
      throw problem(.unknownService, suggestion: suggestion)
    }
    return port...port
  }

  private func portRange(
    _ lowRange: Range<Int>, _ dash: Range<Int>, _ highRange: Range<Int>
  ) throws(SelectionProblem) -> ClosedRange<UInt16> {
    guard !lowRange.isEmpty, !highRange.isEmpty else { throw problem(.openRange, at: dash) }
    let low = try portNumber(at: lowRange)
    let high = try portNumber(at: highRange)
    guard low <= high else { throw problem(.backwardRange) }
    return low...high
  }

  private func portNumber(at range: Range<Int>) throws(SelectionProblem) -> UInt16 {
    let digits = text(range)
    guard digits.isDigits else { throw problem(.notAPort, at: range) }
    try checkLeadingZero(at: range)
    guard let port = UInt16(digits), port != 0 else { throw problem(.portOutOfRange, at: range) }
    return port
  }

  /// The item as a pid.
  func pid() throws(SelectionProblem) -> Int32 {
    try checkLeadingZero()
    guard text.isDigits, let pid = Int32(text), pid > 0 else { throw problem(.notAPid) }
    return pid
  }

  /// The item as a uid or a user name; an item of digits is a uid.
  func userID(_ names: some NameResolver) throws(SelectionProblem) -> UInt32 {
    if text.isDigits {
      try checkLeadingZero()
      // The maximum is `(uid_t) -1`, which means no user.
      guard let id = UInt32(text), id != .max else { throw problem(.userOutOfRange) }
      return id
    }
    var id: UInt32?
    do {
      id = try names.userID(of: String(text))
      // CORP\\alice, as written inside quotes.
      if id == nil, text.utf8.contains(UInt8(ascii: "\\")) {
        id = try names.userID(of: String(text).replacing(#"\\"#, with: #"\"#))
      }
    } catch {
      throw problem(.userLookup(error))
    }
    guard let id else { throw problem(.userLookup(.noSuchName)) }
    return id
  }

  /// The item as a mark, `MARK` or `MARK/MASK`.
  func mark() throws(SelectionProblem) -> (mark: UInt32, mask: UInt32) {
    let slash = offset(of: UInt8(ascii: "/"))
    let markRange = range.lowerBound..<(slash ?? range.upperBound)
    let mark = try markNumber(at: markRange)
    guard let slash else { return (mark, .max) }
    let mask = try markNumber(at: slash + 1..<range.upperBound)
    guard mark & ~mask == 0 else { throw problem(.markOutsideMask, at: markRange) }
    return (mark, mask)
  }

  private func markNumber(at range: Range<Int>) throws(SelectionProblem) -> UInt32 {
    let text = text(range)
    let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
    if !isHexadecimal { try checkLeadingZero(at: range) }
    let digits = isHexadecimal ? text.dropFirst(2) : text
    // The initializer of UInt32 would accept a sign.
    guard isHexadecimal ? digits.utf8.allSatisfy(\.isHexadecimalDigit) : digits.isDigits,
      let number = UInt32(digits, radix: isHexadecimal ? 16 : 10)
    else { throw problem(.notAMark, at: range.isEmpty ? self.range : range) }
    return number
  }

  /// The item as a size in bytes.
  func size() throws(SelectionProblem) -> UInt32 {
    let number: UInt64
    do {
      number = try ByteText.parse(text)
    } catch {
      switch error {
      case .notANumber: throw problem(.notASize)
      case .leadingZero(let length):
        throw problem(.leadingZero, at: range.lowerBound..<range.lowerBound + length)
      case .tooLarge: throw problem(.sizeTooLarge)
      }
    }
    guard let size = UInt32(exactly: number) else { throw problem(.sizeTooLarge) }
    guard size != 0 else { throw problem(.sizeZero) }
    return size
  }
}
