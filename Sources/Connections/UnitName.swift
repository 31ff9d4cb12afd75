/// Names of systemd units; see systemd.unit(5).
public enum UnitName {
  /// The suffixes of units that contain processes.
  private static let suffixes: [StaticString] = [
    ".service", ".scope", ".socket", ".mount", ".swap",
  ]

  /// The unit that a component of a cgroup path names; nil for none.
  static func of(_ component: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard
      suffixes.contains(where: { component.ends(in: $0) && component.count > $0.utf8CodeUnitCount })
    else { return nil }
    // systemd prefixes `_` to names that could collide with the kernel's own files.
    return component.first == UInt8(ascii: "_") ? component.dropFirst() : component
  }

  /// Whether a component of a cgroup path names a systemd unit or slice.
  public static func isSystemdName(_ component: ArraySlice<UInt8>) -> Bool {
    component.ends(in: ".slice") || suffixes.contains { component.ends(in: $0) }
  }

  /// Decodes each `\xHH` in `text`, like systemd-escape(1) with `--unescape`.
  static func unescaped(_ text: ArraySlice<UInt8>) -> KernelName {
    var result: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      let digits = rest.dropFirst().prefix(2)
      if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), digits.count == 2,
        digits.allSatisfy(\.isLowerHexadecimalDigit),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      {
        result.append(value)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return KernelName(bytes: result)
  }
}
