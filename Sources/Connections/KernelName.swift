/// A name that the kernel stores as bytes: of a process, executable, cgroup, unit or network
/// namespace.
///
/// It can contain any byte except NUL and, usually, `/`; it need not be UTF-8. Names are equal only
/// if their bytes are. `String` compares by canonical equivalence, under which two different cgroups
/// can be equal. Never compare, look up or sort names as `String`.
public struct KernelName: Sendable {
  private let storage: Storage

  /// Almost all names are UTF-8, and a short `String` needs no allocation.
  private enum Storage {
    case text(String)
    case stray([UInt8])
  }

  /// Creates a name from the UTF-8 of `text`.
  public init(_ text: some StringProtocol) {
    storage = .text(String(text))
  }

  /// Creates a name from bytes.
  public init(bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self) {
      storage = .text(text)
    } else {
      storage = .stray(Array(bytes))
    }
  }

  /// Whether `component` is the last component of the name as a path.
  public func hasLastComponent(_ component: String) -> Bool {
    let component = component.utf8Span.span
    return withBytes { bytes in
      let start = bytes.count - component.count
      guard start >= 0, start == 0 || bytes[start - 1] == UInt8(ascii: "/") else { return false }
      return component.indices.allSatisfy { bytes[start + $0] == component[$0] }
    }
  }

  /// Calls `body` with the bytes of the name.
  public func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    switch storage {
    case .text(let text): body(text.utf8Span.span)
    case .stray(let bytes): body(bytes.span)
    }
  }

  /// The bytes of the name.
  public var bytes: [UInt8] {
    switch storage {
    case .text(let text): Array(text.utf8)
    case .stray(let bytes): bytes
    }
  }

  /// The number of bytes.
  public var count: Int {
    switch storage {
    case .text(let text): text.utf8.count
    case .stray(let bytes): bytes.count
    }
  }

  /// The name as text; nil when it is not valid UTF-8.
  public var exactText: String? {
    if case .text(let text) = storage { text } else { nil }
  }

  /// The name for display, with invalid bytes written as `\xff`. Different names can have the same
  /// text: compare names instead.
  ///
  /// A program can choose it: escape it before printing.
  public var text: String {
    switch storage {
    case .text(let text): return text
    case .stray(let bytes):
      var text = ""
      var position = 0
      while position < bytes.count {
        let character = NameCharacter(at: position, of: bytes.span)
        if let scalar = character.scalar {
          text.unicodeScalars.append(scalar)
        } else {
          text += "\\x" + String(bytes[position], radix: 16)
        }
        position += character.length
      }
      return text
    }
  }

  /// Whether the bytes end with those of `suffix`.
  public func hasSuffix(_ suffix: String) -> Bool {
    let (length, count) = (suffix.utf8.count, self.count)
    return withBytes { bytes in
      count >= length && bytes.extracting(last: length).isEqual(to: suffix.utf8Span.span)
    }
  }

  /// The name followed by `text`.
  public static func + (name: KernelName, text: String) -> KernelName {
    switch name.storage {
    case .text(let own): KernelName(own + text)
    case .stray(let bytes): KernelName(bytes: bytes + Array(text.utf8))
    }
  }
}

extension KernelName: Hashable, Comparable {
  /// Whether both names have the same bytes.
  public static func == (lhs: KernelName, rhs: KernelName) -> Bool {
    lhs.withBytes { left in rhs.withBytes { left.isEqual(to: $0) } }
  }

  /// Orders by bytes, like strcmp(3).
  public static func < (lhs: KernelName, rhs: KernelName) -> Bool {
    lhs.withBytes { left in
      rhs.withBytes { right in
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
          return left[index] < right[index]
        }
        return left.count < right.count
      }
    }
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) } }
  }
}

extension KernelName: ExpressibleByStringLiteral, CustomStringConvertible {
  /// Creates a name from the UTF-8 of a literal.
  public init(stringLiteral value: String) { self.init(value) }

  /// The same as ``text``.
  public var description: String { text }
}

extension Span<UInt8> {
  /// Whether the bytes equal those of `other`.
  public func isEqual(to other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  /// Whether the bytes start with those of `other`.
  public func isPrefixed(by other: Span<UInt8>) -> Bool {
    count >= other.count && extracting(first: other.count).isEqual(to: other)
  }
}
