internal import Connections
internal import SystemPackage

// What `/proc` says of the machine, and of the namespaces that the processes live in.
extension ProcFileSystem {
  /// The id of this boot, a UUID (`sys/kernel/random/boot_id`): cookies and start times are of one.
  public func bootID() throws(ProcessProblem) -> String {
    let name = "sys/kernel/random/boot_id"
    let text = String(decoding: try bytes(of: name).prefix { $0 != 0x0a }, as: UTF8.self)
    guard text.utf8.count == 36, text.allSatisfy({ $0.isHexDigit || $0 == "-" }) else {
      throw .malformed(path(to: name))
    }
    return text
  }

  /// Into whom a process may reach (`sys/kernel/yama/ptrace_scope`): 0 into all of the same user, 1
  /// into its own children, 2 only with CAP_SYS_PTRACE, 3 into none. Nil where the kernel has no yama.
  public func ptraceScope() -> Int? {
    let text = try? bytes(of: "sys/kernel/yama/ptrace_scope")
    return text.flatMap { $0.prefix { $0 != 0x0a }.decimal }.flatMap(Int.init(exactly:))
  }

  /// The inode of the process's network namespace; of the reader's own when `pid` is nil.
  ///
  /// The reader's own is that of its main thread, whatever namespace another thread has entered.
  public func networkNamespace(of pid: Int32? = nil) throws(ProcessProblem) -> UInt64 {
    try namespace("net", of: pid)
  }

  /// The inode of the process's pid namespace; of the reader's own when `pid` is nil.
  public func pidNamespace(of pid: Int32? = nil) throws(ProcessProblem) -> UInt64 {
    try namespace("pid", of: pid)
  }

  /// The inode of the pid namespace that the kernel starts with (`PROC_PID_INIT_INO`).
  public static let firstPidNamespace: UInt64 = 4_026_531_836

  /// Whether the process is the machine's init, without which it does not run.
  ///
  /// That is pid 1 of the kernel's first pid namespace. In a container pid 1 is the program. Where
  /// the namespace of pid 1 may not be read, threads of the kernel show it, or the reader's own
  /// stands for it.
  public func isMachineInit(_ pid: Int32) throws(ProcessProblem) -> Bool {
    guard pid == 1 else { return false }
    let namespace: UInt64
    do { namespace = try pidNamespace(of: 1) } catch {
      if showsThreadsOfTheKernel(try openRoot()) { return true }
      namespace = try pidNamespace()
    }
    return namespace == Self.firstPidNamespace
  }

  /// The mounts that the reader sees, in the order in which they were made.
  func mounts() throws(ProcessProblem) -> [Mount] {
    try bytes(of: "self/mountinfo").split(separator: 0x0a).compactMap(Mount.init)
  }

  func bytes(of name: String) throws(ProcessProblem) -> [UInt8] {
    let folder = try openRoot()
    do { return try folder.bytes(of: name) } catch { throw problem(error, at: name, of: nil) }
  }

  /// The link names the namespace: `net:[4026531833]`.
  private func namespace(_ kind: String, of pid: Int32?) throws(ProcessProblem) -> UInt64 {
    let name = "\(pid.map(String.init) ?? "self")/ns/\(kind)"
    let folder = try openRoot()
    let target: [UInt8]
    do { target = try folder.target(of: name) } catch { throw problem(error, at: name, of: pid) }
    let start = Array("\(kind):[".utf8)
    guard target.starts(with: start), target.last == UInt8(ascii: "]"),
      let inode = target.dropFirst(start.count).dropLast().decimal
    else { throw .malformed(path(to: name)) }
    return inode
  }
}
