import Glibc
package import ProcessTable
package import SystemPackage

/// An artificial `/proc` in a temporary directory, removed at the end.
package final class ProcTree {
  package let root: FilePath
  private var made: [String] = []

  package init() {
    var template = Array("/tmp/proc-tree-XXXXXX".utf8CString)
    root = FilePath(String(cString: mkdtemp(&template)))
  }

  deinit {
    for path in made.reversed() { remove(path) }
    rmdir(root.string)
  }

  package var files: ProcFileSystem { ProcFileSystem(root: root) }

  package func path(_ name: String) -> String { root.string + "/" + name }

  package func directory(_ name: String) {
    var partial = ""
    for part in name.split(separator: "/") {
      partial += (partial.isEmpty ? "" : "/") + part
      if mkdir(path(partial), 0o755) == 0 { made.append(path(partial)) }
    }
  }

  package func file(_ name: String, _ content: [UInt8]) {
    if let slash = name.lastIndex(of: "/") { directory(String(name[..<slash])) }
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0 && write(descriptor, content, content.count) == content.count)
    close(descriptor)
    made.append(path(name))
  }

  package func file(_ name: String, _ content: String) { file(name, Array(content.utf8)) }

  package func link(_ name: String, to target: String) {
    if let slash = name.lastIndex(of: "/") { directory(String(name[..<slash])) }
    precondition(symlink(target, path(name)) == 0, "\(name) exists")
    made.append(path(name))
  }

  /// Adds a process; `links` are the targets of its descriptors, by number.
  package func process(
    _ pid: Int32, name: String = "app", state: String = "S", parent: Int32 = 1,
    flags: Int = 0, threads: Int = 1, start: Int = 1000, userID: UInt32 = 1000,
    terminal: Int = 0, command: [String]? = nil, links: KeyValuePairs<Int32, String> = [:]
  ) {
    file(
      "\(pid)/stat", Self.stat(pid, name, state, parent, flags, threads, start, terminal: terminal))
    file("\(pid)/comm", name + "\n")
    file("\(pid)/cmdline", (command ?? [name]).flatMap { Array($0.utf8) + [0] })
    file(
      "\(pid)/status", "Name:\t\(name)\nUmask:\t0022\nUid:\t\(userID)\t0\t0\t0\nGid:\t0\t0\t0\t0\n")
    link("\(pid)/exe", to: "/usr/bin/\(name.filter { $0 != "/" })")
    directory("\(pid)/fd")
    for (descriptor, target) in links { link("\(pid)/fd/\(descriptor)", to: target) }
  }

  /// Changes the name, start time or executable of a process and keeps its descriptors.
  package func process(again pid: Int32, name: String, executable: String? = nil, start: Int) {
    file("\(pid)/stat", Self.stat(pid, name, "S", 1, 0, 1, start))
    file("\(pid)/comm", name + "\n")
    unlink("\(pid)/exe")
    link("\(pid)/exe", to: "/usr/bin/\(executable ?? name)")
  }

  /// Removes a file or a link.
  package func unlink(_ name: String) { Glibc.unlink(path(name)) }

  /// Adds a process whose descriptors not even root can read: its `fd` is a symbolic link loop.
  package func process(unreadable pid: Int32, name: String) {
    file("\(pid)/stat", Self.stat(pid, name, "S", 0, 0, 1, 1000))
    file("\(pid)/comm", name + "\n")
    file("\(pid)/status", "Name:\t\(name)\nUid:\t0\t0\t0\t0\n")
    link("\(pid)/fd", to: "fd")
  }

  package static func stat(
    _ pid: Int32, _ name: String, _ state: String, _ parent: Int32, _ flags: Int, _ threads: Int,
    _ start: Int, userTicks: Int = 0, terminal: Int = 0
  ) -> String {
    "\(pid) (\(name)) \(state) \(parent) 1 1 \(terminal) -1 \(flags) 0 0 0 0 \(userTicks) 0 0 0 20 0 "
      + "\(threads) 0 \(start) 4096 100 18446744073709551615\n"
  }

  /// Sets the processor time of the process, which is named app.
  package func use(ticks: Int, in pid: Int32, start: Int = 1000) {
    file("\(pid)/stat", Self.stat(pid, "app", "S", 1, 0, 1, start, userTicks: ticks))
  }

  /// Removes a process.
  package func deleteProcess(_ pid: Int32) {
    let directory = path("\(pid)")
    for path in made.reversed() where path == directory || path.hasPrefix(directory + "/") {
      remove(path)
    }
  }
}
