internal import Connections

/// What `/proc/PID/stat` says of one process; see proc_pid_stat(5).
struct ProcessStatus: Equatable {
  /// Field 3: `R`, `S`, `Z` and so on.
  let state: UInt8
  /// Field 4: the pid of the parent; 0 for none, or for one outside the pid namespace.
  let parent: Int32
  /// Field 9: the kernel's flags of the process, `PF_`.
  let flags: UInt64
  /// Field 20: how many threads it has; 0 when its leader is a zombie and the only one.
  let threads: UInt64
  /// Field 22: when it started, in clock ticks since boot.
  let startTicks: UInt64

  /// Reads the line; nil when it is not one that the kernel writes.
  ///
  /// The name, field 2, stands in brackets and may itself hold brackets, spaces and newlines: the
  /// fields count from the last closing one.
  init?(_ line: [UInt8]) {
    guard let bracket = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = line[(bracket + 1)...].split { $0 == UInt8(ascii: " ") || $0 == 0x0a }
    guard fields.count >= 20, fields[0].count == 1, let state = fields[0].first,
      let parent = fields[1].decimal.flatMap(Int32.init(exactly:)), let flags = fields[6].decimal,
      let threads = fields[17].decimal, let startTicks = fields[19].decimal
    else { return nil }
    self.state = state
    self.parent = parent
    self.flags = flags
    self.threads = threads
    self.startTicks = startTicks
  }

  /// Whether the leader has ended and its parent has not asked for it yet.
  var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

  /// Whether there can be no descriptor: a zombie without threads, or a thread of the kernel
  /// (`PF_KTHREAD`).
  var holdsNothing: Bool { isZombie && threads <= 1 || flags & 0x0020_0000 != 0 }
}

extension Collection<UInt8> {
  /// The number that the octets are; nil when they are not digits only, or above 64 bits.
  var decimal: UInt64? {
    guard let first, first.isDecimalDigit else { return nil }
    return UInt64(String(decoding: self, as: UTF8.self))
  }
}
