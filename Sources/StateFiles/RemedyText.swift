internal import SystemPackage

/// Wording shared by the problems of this module: facts, and commands to paste into a shell.
enum RemedyText {
  /// `path` as a shell word, in single quotes if necessary.
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

  /// A size such as `1 GiB`; in bytes if it is not a multiple of a larger unit.
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
    "\(path) is writable by others (mode \(octal(permissions))): "
      + "chmod go-w \(shellWord(path))"
  }
}
