extension KernelName {
  /// The parts between the slashes of a path.
  public var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }
}

// One name in the path of a cgroup.
extension ArraySlice<UInt8> {
  /// Whether it consists of the bytes of `text`.
  public func isEqual(to text: StaticString) -> Bool {
    unsafe elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Whether it starts with the bytes of `text`.
  public func begins(with text: StaticString) -> Bool {
    prefix(text.utf8CodeUnitCount).isEqual(to: text)
  }

  /// Whether it ends with the bytes of `text`.
  public func ends(in text: StaticString) -> Bool {
    suffix(text.utf8CodeUnitCount).isEqual(to: text)
  }

  /// What is between `start` and `end`; nil when it does not have both, or has nothing between.
  func between(_ start: StaticString, _ end: StaticString) -> ArraySlice<UInt8>? {
    let length = start.utf8CodeUnitCount + end.utf8CodeUnitCount
    guard begins(with: start), ends(in: end), count > length else { return nil }
    return dropFirst(start.utf8CodeUnitCount).dropLast(end.utf8CodeUnitCount)
  }

  /// What is behind the last place where `text` is; nil when it is nowhere.
  func afterLast(_ text: StaticString) -> ArraySlice<UInt8>? {
    let length = text.utf8CodeUnitCount
    let start = indices.last { self[$0...].begins(with: text) }
    return start.map { self[($0 + length)...] }
  }
}

extension UInt8 {
  var isLowerHexadecimalDigit: Bool {
    isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
