internal import Glibc
internal import SystemPackage

// Whether the root shows the reader every process of the machine.
extension ProcFileSystem {
  /// Why processes may be missing below the root; empty if it shows all of them.
  ///
  /// A copy of `/proc` counts as complete unless its files indicate otherwise.
  public func viewLimits() -> [ViewLimit] {
    guard let root = try? Directory(root) else { return [] }
    let isRealProc = root.isInProcFileSystem
    var limits: [ViewLimit] = []
    if let mode = hiding(root, isRealProc: isRealProc) { limits.append(.hidepid(mode)) }
    if !showsFirstPidNamespace(root, isRealProc: isRealProc) { limits.append(.pidNamespace) }
    return limits
  }

  /// The reader's own pid, as this root shows it.
  ///
  /// It differs from getpid(2) if `/proc` shows a pid namespace above the reader's.
  public func ownPid() throws(ProcessProblem) -> Int32 {
    let directory = try openRoot()
    let target: [UInt8]
    do { target = try directory.target(of: "self") } catch {
      throw problem(error, at: "self", of: nil)
    }
    guard let pid = target.decimal.flatMap({ Int32(exactly: $0) }) else {
      throw .malformed(path(to: "self"))
    }
    return pid
  }

  /// The pid that system calls take for the process that the root shows as `pid`; nil if the
  /// reader's pid namespace does not contain it.
  public func callablePid(of pid: Int32) -> Int32? {
    guard let own = try? ownPid(), own != getpid() else { return pid }
    // The pids of a process, from the namespace of the root down to its own.
    func pids(of name: String) -> [UInt64] {
      StatusLine.numbers("NSpid:", in: (try? bytes(of: "\(name)/status")) ?? [])
    }
    let depth = pids(of: "self").count
    let numbers = pids(of: "\(pid)")
    guard depth > 0, numbers.count >= depth else { return nil }
    return Int32(exactly: numbers[depth - 1])
  }

  /// Whether the root shows the machine's first pid namespace.
  ///
  /// That is so if the reader's namespace is the first, or if the root shows a namespace above it.
  private func showsFirstPidNamespace(_ root: borrowing Directory, isRealProc: Bool) -> Bool {
    let own = try? root.target(of: "self/ns/pid")
    if let own, own.elementsEqual("pid:[\(Self.firstPidNamespace)]".utf8) { return true }
    if own == nil, !isRealProc { return true }
    return showsKernelThreads(root)
  }

  /// Whether pid 2 is `kthreadd` (`PF_KTHREAD`), as only the machine's first pid namespace shows.
  func showsKernelThreads(_ root: borrowing Directory) -> Bool {
    let second = (try? root.bytes(of: "2/stat")).flatMap { ProcessStatus($0) }
    return second?.isKernelThread ?? false
  }

  /// The value of `hidepid` that hides processes from the reader; nil if none does.
  ///
  /// A reader with CAP_SYS_PTRACE in the machine's first user namespace sees everything. So does
  /// the group of the option `gid`, 0 by default, except with `ptraceable` (`has_pid_permissions`
  /// in fs/proc/base.c).
  private func hiding(_ root: borrowing Directory, isRealProc: Bool) -> String? {
    // Capabilities belong to the thread, and may be raised only temporarily.
    let status =
      (try? root.bytes(of: "thread-self/status")) ?? (try? root.bytes(of: "self/status")) ?? []
    let userNamespace = try? root.target(of: "self/ns/user")
    if let userNamespace, userNamespace.elementsEqual("user:[4026531837]".utf8),
      StatusLine.hexadecimal("CapEff:", in: status).map({ $0 & Self.sysPtrace != 0 }) == true
    {
      return nil
    }
    guard let mount = mount(of: root, isRealProc: isRealProc), let mode = mount.hidepid,
      mode != "0", mode != "off"
    else { return nil }
    let isByAccess = mode == "4" || mode == "ptraceable"
    return !isByAccess && StatusLine.groups(in: status).contains(mount.exemptGroup) ? nil : mode
  }

  /// CAP_SYS_PTRACE from linux/capability.h.
  private static let sysPtrace: UInt64 = 1 << 19

  /// The mount that contains the root.
  private func mount(of root: borrowing Directory, isRealProc: Bool) -> Mount? {
    guard let mounts = try? mounts().filter({ $0.type == "proc" }) else { return nil }
    // Match by ID, because another mount at the same path may cover it, or be covered.
    if isRealProc, let id = root.mountID(), let mount = mounts.last(where: { $0.id == id }) {
      return mount
    }
    return mounts.last { $0.point == self.root } ?? mounts.last { $0.point == "/proc" }
  }
}

extension Mount {
  /// The value of the option `hidepid`, as the kernel writes it (`invisible`, `ptraceable`,
  /// `noaccess`; before 5.8 a number); nil without one.
  fileprivate var hidepid: String? { value(of: "hidepid=") }

  /// The group that sees all processes nonetheless.
  fileprivate var exemptGroup: UInt64 { value(of: "gid=").flatMap { UInt64($0) } ?? 0 }

  private func value(of name: String) -> String? {
    options.last { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
  }
}

/// Parses lines of `/proc/PID/status`. The kernel escapes newlines in the name on the first line.
enum StatusLine {
  /// The text after `label`; nil if there is no such line.
  static func value(_ label: String, in status: [UInt8]) -> ArraySlice<UInt8>? {
    for line in status.split(separator: 0x0a) where line.starts(with: label.utf8) {
      return line.dropFirst(label.utf8.count)
    }
    return nil
  }

  /// The numbers after `label`.
  static func numbers(_ label: String, in status: [UInt8]) -> [UInt64] {
    (value(label, in: status) ?? []).split { $0 == 0x09 || $0 == 0x20 }.compactMap(\.decimal)
  }

  /// The hexadecimal number after `label`.
  static func hexadecimal(_ label: String, in status: [UInt8]) -> UInt64? {
    value(label, in: status).flatMap { value in
      let digits = value.drop { $0 == 0x09 || $0 == 0x20 }
      return UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
    }
  }

  /// The group for file access, and the supplementary ones.
  fileprivate static func groups(in status: [UInt8]) -> [UInt64] {
    numbers("Gid:", in: status).suffix(1) + numbers("Groups:", in: status)
  }
}
