extension KernelName {
  /// The components of the name as a path.
  public var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }
}

// A component of a cgroup path.
extension ArraySlice<UInt8> {
  /// Whether the bytes equal those of `text`.
  public func isEqual(to text: StaticString) -> Bool {
    unsafe elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Whether the bytes start with those of `text`.
  public func begins(with text: StaticString) -> Bool {
    prefix(text.utf8CodeUnitCount).isEqual(to: text)
  }

  /// Whether the bytes end with those of `text`.
  public func ends(in text: StaticString) -> Bool {
    suffix(text.utf8CodeUnitCount).isEqual(to: text)
  }

  /// The bytes between the prefix `start` and the suffix `end`; nil if either is missing or nothing
  /// is between them.
  func between(_ start: StaticString, _ end: StaticString) -> ArraySlice<UInt8>? {
    let length = start.utf8CodeUnitCount + end.utf8CodeUnitCount
    guard begins(with: start), ends(in: end), count > length else { return nil }
    return dropFirst(start.utf8CodeUnitCount).dropLast(end.utf8CodeUnitCount)
  }

  /// The bytes after the last occurrence of `text`; nil if it does not occur.
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
