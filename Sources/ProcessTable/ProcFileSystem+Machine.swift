internal import Connections
internal import SystemPackage

// Facts in `/proc` about the machine and the namespaces of its processes.
extension ProcFileSystem {
  /// The boot ID, a UUID (`sys/kernel/random/boot_id`). Cookies and start times are valid within
  /// one boot.
  public func bootID() throws(ProcessProblem) -> String {
    let name = "sys/kernel/random/boot_id"
    let text = String(decoding: try bytes(of: name).prefix { $0 != 0x0a }, as: UTF8.self)
    guard text.utf8.count == 36, text.allSatisfy({ $0.isHexDigit || $0 == "-" }) else {
      throw .malformed(path(to: name))
    }
    return text
  }

  /// Which processes a process may trace (`sys/kernel/yama/ptrace_scope`); nil on a kernel without
  /// Yama.
  ///
  /// The value is 0 for all of the same user, 1 for its own children, 2 for those with
  /// CAP_SYS_PTRACE only, and 3 for none.
  public func ptraceScope() -> Int? {
    let text = try? bytes(of: "sys/kernel/yama/ptrace_scope")
    return text.flatMap { $0.prefix { $0 != 0x0a }.decimal }.flatMap(Int.init(exactly:))
  }

  /// The inode of the process's network namespace, or of the reader's own if `pid` is nil.
  ///
  /// The reader's own is that of its main thread, even if another thread has entered another
  /// namespace.
  public func networkNamespace(of pid: Int32? = nil) throws(ProcessProblem) -> UInt64 {
    try namespace("net", of: pid)
  }

  /// The inode of the process's pid namespace, or of the reader's own if `pid` is nil.
  public func pidNamespace(of pid: Int32? = nil) throws(ProcessProblem) -> UInt64 {
    try namespace("pid", of: pid)
  }

  /// The inode of the machine's first pid namespace (`PROC_PID_INIT_INO`).
  public static let firstPidNamespace: UInt64 = 4_026_531_836

  /// Whether the process is the machine's init, which the machine cannot run without.
  ///
  /// That is pid 1 of the machine's first pid namespace. In a container, pid 1 is the program. If
  /// the namespace of pid 1 is unreadable, visible kernel threads or the reader's own namespace
  /// decide.
  public func isMachineInit(_ pid: Int32) throws(ProcessProblem) -> Bool {
    guard pid == 1 else { return false }
    let namespace: UInt64
    do { namespace = try pidNamespace(of: 1) } catch {
      if showsKernelThreads(try openRoot()) { return true }
      namespace = try pidNamespace()
    }
    return namespace == Self.firstPidNamespace
  }

  /// The mounts that the reader sees, oldest first.
  func mounts() throws(ProcessProblem) -> [Mount] {
    try bytes(of: "self/mountinfo").split(separator: 0x0a).compactMap(Mount.init)
  }

  func bytes(of name: String) throws(ProcessProblem) -> [UInt8] {
    let directory = try openRoot()
    do { return try directory.bytes(of: name) } catch { throw problem(error, at: name, of: nil) }
  }

  /// The inode in a namespace link such as `net:[4026531833]`.
  private func namespace(_ kind: String, of pid: Int32?) throws(ProcessProblem) -> UInt64 {
    let name = "\(pid.map(String.init) ?? "self")/ns/\(kind)"
    let directory = try openRoot()
    let target: [UInt8]
    do { target = try directory.target(of: name) } catch { throw problem(error, at: name, of: pid) }
    let start = Array("\(kind):[".utf8)
    guard target.starts(with: start), target.last == UInt8(ascii: "]"),
      let inode = target.dropFirst(start.count).dropLast().decimal
    else { throw .malformed(path(to: name)) }
    return inode
  }
}
