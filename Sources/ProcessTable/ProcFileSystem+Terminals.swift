internal import Connections
internal import SystemPackage

/// A terminal, identified by its device number as in `stat` (`tty_nr`).
public struct TerminalDevice: Hashable, Sendable {
  /// The major and minor number, as the kernel packs them into 32 bits.
  let device: UInt32

  /// The terminal with this device number; nil for 0, which means none.
  init?(device: UInt32) {
    guard device != 0 else { return nil }
    self.device = device
  }

  /// The terminal that a descriptor's link refers to; nil if it refers to anything else.
  ///
  /// `/dev/pts/N` is a pseudoterminal (major 136), `/dev/ttyN` a console (major 4).
  init?(linkTarget: [UInt8]) {
    let target = linkTarget.prefix { $0 != UInt8(ascii: " ") }
    for (prefix, major) in [("/dev/pts/", 136), ("/dev/tty", 4)] as [(String, UInt32)] {
      guard target.starts(with: prefix.utf8),
        let number = target.dropFirst(prefix.utf8.count).decimal, number < 1 << 20
      else { continue }
      let minor = UInt32(number)
      self.init(device: minor & 0xff | major << 8 | (minor & ~0xff) << 12)
      return
    }
    return nil
  }
}

/// The parent and the terminal of a process.
public struct ProcessPlace: Hashable, Sendable {
  /// The pid of the parent; 0 for none, or for one outside the pid namespace.
  public let parent: Int32
  /// The controlling terminal; nil if it has none.
  public let terminal: TerminalDevice?
}

extension ProcFileSystem {
  /// The terminals that the process has open, and its controlling terminal.
  ///
  /// Masters of pseudoterminals (`/dev/ptmx`) do not count.
  public func terminals(of pid: Int32) throws(ProcessProblem) -> Set<TerminalDevice> {
    let process = try open(pid)
    var terminals: Set<TerminalDevice> = []
    do {
      let directory = try process.open("fd")
      var descriptors: [Int32] = []
      try directory.forEachNumber(EntryBuffer()) { descriptors.append($0) }
      for descriptor in descriptors {
        guard let target = try? directory.target(of: "\(descriptor)"),
          let terminal = TerminalDevice(linkTarget: target)
        else { continue }
        terminals.insert(terminal)
      }
      if let terminal = try process.status()?.terminal { terminals.insert(terminal) }
    } catch {
      throw problem(error, at: "\(pid)/fd", of: pid)
    }
    return terminals
  }

  /// The place of every process. Processes that end meanwhile or cannot be read are left out.
  public func places() throws(ProcessProblem) -> [Int32: ProcessPlace] {
    let root = try openRoot()
    var places: [Int32: ProcessPlace] = [:]
    for pid in try pids() {
      guard let bytes = try? root.bytes(of: "\(pid)/stat", isOneRecord: true),
        let status = ProcessStatus(bytes)
      else { continue }
      places[pid] = ProcessPlace(parent: status.parent, terminal: status.terminal)
    }
    return places
  }
}
