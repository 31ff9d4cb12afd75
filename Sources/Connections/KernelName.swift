/// A name that the kernel keeps as bytes: of a process, an executable, a cgroup, a unit, a network
/// namespace.
///
/// Any byte but NUL and, in most of them, `/` can be in it; it need not be UTF-8. Two names are equal
/// only if their bytes are. `String` compares by canonical equivalence, by which two cgroups or two
/// namespaces of the same kernel can be equal, so a name is never compared, looked up or sorted as one.
public struct KernelName: Sendable {
  private let storage: Storage

  /// A text where the bytes are UTF-8, as nearly always: a short one takes no memory of its own.
  private enum Storage {
    case text(String)
    case stray([UInt8])
  }

  /// The name whose bytes are the UTF-8 of `text`.
  public init(_ text: some StringProtocol) {
    storage = .text(String(text))
  }

  /// The name of these bytes.
  public init(bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self) {
      storage = .text(text)
    } else {
      storage = .stray(Array(bytes))
    }
  }

  /// Whether the name, as a path, ends in `component`: nothing but a slash may precede it.
  public func hasLastComponent(_ component: String) -> Bool {
    let component = component.utf8Span.span
    return withBytes { bytes in
      let start = bytes.count - component.count
      guard start >= 0, start == 0 || bytes[start - 1] == UInt8(ascii: "/") else { return false }
      return component.indices.allSatisfy { bytes[start + $0] == component[$0] }
    }
  }

  /// Calls `body` with the bytes.
  public func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    switch storage {
    case .text(let text): body(text.utf8Span.span)
    case .stray(let bytes): body(bytes.span)
    }
  }

  /// The bytes.
  public var bytes: [UInt8] {
    switch storage {
    case .text(let text): Array(text.utf8)
    case .stray(let bytes): bytes
    }
  }

  /// How many bytes it has.
  public var count: Int {
    switch storage {
    case .text(let text): text.utf8.count
    case .stray(let bytes): bytes.count
    }
  }

  /// The name as text; nil when it is not UTF-8.
  public var exactText: String? {
    if case .text(let text) = storage { text } else { nil }
  }

  /// The name for a reader, with each byte that is not part of UTF-8 as in `\xff`. Other names can
  /// look the same: compare names, not this.
  ///
  /// It can hold what a program chose: escape it before printing.
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

  /// Whether it ends with the bytes of `suffix`.
  public func hasSuffix(_ suffix: String) -> Bool {
    let (length, count) = (suffix.utf8.count, self.count)
    return withBytes { bytes in
      count >= length && bytes.extracting(last: length).isEqual(to: suffix.utf8Span.span)
    }
  }

  /// The name with `text` behind it.
  public static func + (name: KernelName, text: String) -> KernelName {
    switch name.storage {
    case .text(let own): KernelName(own + text)
    case .stray(let bytes): KernelName(bytes: bytes + Array(text.utf8))
    }
  }
}

extension KernelName: Hashable, Comparable {
  /// Whether both have the same bytes.
  public static func == (lhs: KernelName, rhs: KernelName) -> Bool {
    lhs.withBytes { left in rhs.withBytes { left.isEqual(to: $0) } }
  }

  /// By their bytes, as strcmp(3) orders them.
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

  /// Feeds the bytes to `hasher`.
  public func hash(into hasher: inout Hasher) {
    withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) } }
  }
}

extension KernelName: ExpressibleByStringLiteral, CustomStringConvertible {
  /// The name whose bytes are the UTF-8 of a literal.
  public init(stringLiteral value: String) { self.init(value) }

  /// ``text``.
  public var description: String { text }
}

extension Span<UInt8> {
  /// Whether the bytes are those of `other`.
  public func isEqual(to other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  /// Whether the bytes begin with those of `other`.
  public func isPrefixed(by other: Span<UInt8>) -> Bool {
    count >= other.count && extracting(first: other.count).isEqual(to: other)
  }
}
