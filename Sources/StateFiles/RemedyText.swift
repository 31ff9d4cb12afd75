internal import SystemPackage

/// The wording that the problems of this module share: facts, and commands to paste into a shell.
enum RemedyText {
  /// `path` as a word of a shell command: in single quotes unless it is plain.
  static func shellWord(_ path: FilePath) -> String {
    let text = path.string
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "/._-+:@%".utf8.contains(byte)
      }
    }
    guard !isPlain || text.isEmpty || text.hasPrefix("-") else { return text }
    return "'" + text.replacing("'", with: #"'\''"#) + "'"
  }

  /// `1 GiB`; `1000 bytes` for what is no whole number of a larger unit.
  static func size(_ bytes: Int) -> String {
    for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    where bytes >= size && bytes.isMultiple(of: size) {
      return "\(bytes / size) \(unit)"
    }
    return "\(bytes) bytes"
  }

  static func octal(_ permissions: FilePermissions) -> String {
    let digits = String(permissions.rawValue, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  static func writable(_ path: FilePath, _ permissions: FilePermissions) -> String {
    "\(path) can be written by others (mode \(octal(permissions))): "
      + "chmod go-w \(shellWord(path))"
  }
}
