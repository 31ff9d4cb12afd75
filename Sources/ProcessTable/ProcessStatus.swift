internal import Connections

/// The fields of `/proc/PID/stat`; see proc_pid_stat(5).
struct ProcessStatus: Equatable {
  /// Field 2: the command name, as in `comm`.
  let name: KernelName
  /// Field 3: `R`, `S`, `Z` and so on.
  let state: UInt8
  /// Field 4: the pid of the parent; 0 for none, or for one outside the pid namespace.
  let parent: Int32
  /// Field 7: the controlling terminal; nil if it has none.
  let terminal: TerminalDevice?
  /// Field 9: the kernel's process flags (`PF_`).
  let flags: UInt64
  /// Fields 14 and 15, `utime` and `stime`: the processor time of all threads, in clock ticks; nil
  /// if malformed.
  let processorTicks: UInt64?
  /// Field 20: the number of threads; 0 if only the leader is left and it is a zombie.
  let threads: UInt64
  /// Field 22: the start time, in clock ticks since boot.
  let startTicks: UInt64

  /// Parses the line; nil if it does not have the kernel's format.
  ///
  /// The name, field 2, is in parentheses and may itself contain parentheses, spaces and newlines.
  /// So the other fields follow the last closing one.
  init?(_ line: [UInt8]) {
    guard let opening = line.firstIndex(of: UInt8(ascii: "(")),
      let bracket = line.lastIndex(of: UInt8(ascii: ")")), opening < bracket
    else { return nil }
    // The line has 50 fields or more, for every process, so only the needed ones are parsed.
    var state: UInt8?
    var terminal: TerminalDevice?
    var numbers: (parent: UInt64?, flags: UInt64?, threads: UInt64?, start: UInt64?)
    var times: (user: UInt64?, system: UInt64?)
    var number = 3
    var start = bracket + 2
    while number <= 22, start < line.count {
      let rest = line[start...]
      let end = rest.firstIndex { $0 == UInt8(ascii: " ") || $0 == 0x0a } ?? line.count
      let field = line[start..<end]
      switch number {
      case 3 where field.count == 1: state = field.first
      case 4: numbers.parent = field.decimal
      // The kernel writes the device as a signed number.
      case 7:
        terminal = Int32(String(decoding: field, as: UTF8.self)).flatMap {
          TerminalDevice(device: UInt32(bitPattern: $0))
        }
      case 9: numbers.flags = field.decimal
      case 14: times.user = field.decimal
      case 15: times.system = field.decimal
      case 20: numbers.threads = field.decimal
      case 22: numbers.start = field.decimal
      default: break
      }
      number += 1
      start = end + 1
    }
    guard let state, let parent = numbers.parent.flatMap(Int32.init(exactly:)),
      let flags = numbers.flags, let threads = numbers.threads, let startTicks = numbers.start
    else { return nil }
    name = KernelName(bytes: line[(opening + 1)..<bracket])
    self.state = state
    self.parent = parent
    self.terminal = terminal
    self.flags = flags
    processorTicks = times.user.flatMap { user in
      times.system.flatMap { system in
        let (sum, overflow) = user.addingReportingOverflow(system)
        return overflow ? nil : sum
      }
    }
    self.threads = threads
    self.startTicks = startTicks
  }

  /// Whether the leader has ended and its parent has not waited for it yet.
  var isZombie: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

  /// Whether it is a kernel thread (`PF_KTHREAD`).
  var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

  /// Whether it cannot hold descriptors: a zombie without threads, or a kernel thread.
  var holdsNothing: Bool { isZombie && threads <= 1 || isKernelThread }
}

extension Collection<UInt8> {
  /// The number in the bytes; nil if they are not all digits, or it exceeds 64 bits.
  var decimal: UInt64? {
    var number: UInt64 = 0
    for octet in self {
      guard octet.isDecimalDigit else { return nil }
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(UInt64(octet - UInt8(ascii: "0")))
      guard !overflow, !sumOverflow else { return nil }
      number = sum
    }
    return isEmpty ? nil : number
  }
}
