internal import Connections
internal import SystemPackage

/// One line of `/proc/PID/mountinfo`; see proc_pid_mountinfo(5).
struct Mount {
  /// The ID of the mount, unique while it exists.
  let id: UInt64?
  /// The mounted directory of the file system. For a namespace, the target of its link:
  /// `net:[4026532281]`.
  let root: KernelName
  /// The mount point.
  let point: FilePath
  /// The type of the file system.
  let type: String
  /// The options of the file system.
  let options: [String]

  /// Parses a line. Field 1 is the ID, field 4 the root and field 5 the mount point. Type, source
  /// and options follow a lone hyphen.
  init?(_ line: ArraySlice<UInt8>) {
    let fields = line.split(separator: UInt8(ascii: " "))
    guard let hyphen = fields.dropFirst(6).firstIndex(where: { $0.elementsEqual("-".utf8) }),
      fields.count > hyphen + 3
    else { return nil }
    id = fields[0].decimal
    root = KernelName(bytes: Self.unescaped(fields[3]))
    point = FilePath(name: KernelName(bytes: Self.unescaped(fields[4])))
    type = String(decoding: fields[hyphen + 1], as: UTF8.self)
    options = String(decoding: fields[hyphen + 3], as: UTF8.self).split(separator: ",")
      .map(String.init)
  }

  /// Decodes a field. The kernel writes space, tab, newline and backslash as a backslash and three
  /// octal digits (`mangle_path`).
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(field.count)
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      let isEscape =
        byte == UInt8(ascii: "\\") && digits.count == 3
        && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
      if isEscape, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
