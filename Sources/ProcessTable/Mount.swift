/// One line of `/proc/PID/mountinfo`; see proc_pid_mountinfo(5).
struct Mount {
  /// The id of the mount, unique while it exists.
  let id: UInt64?
  /// The folder of the file system that is mounted.
  let root: String
  /// Where it is mounted.
  let point: String
  /// The type of the file system.
  let type: String
  /// The options of the file system.
  let options: [String]

  /// Field 1 is the id, field 4 the root and field 5 the mount point; after a lone hyphen come type, source and
  /// options.
  init?(_ line: ArraySlice<UInt8>) {
    let fields = line.split(separator: UInt8(ascii: " ")).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard let hyphen = fields.dropFirst(6).firstIndex(of: "-"), fields.count > hyphen + 3 else {
      return nil
    }
    id = UInt64(fields[0])
    root = fields[3]
    point = fields[4]
    type = fields[hyphen + 1]
    options = fields[hyphen + 3].split(separator: ",").map(String.init)
  }
}
