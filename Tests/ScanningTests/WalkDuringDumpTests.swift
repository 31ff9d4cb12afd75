import Connections
import Glibc
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

/// With many connections, owners are read while the dump is still running.
@Suite struct WalkDuringDumpTests {
  private static let count: UInt32 = 17_000

  /// A fake `/proc` with one process that holds these inodes.
  private final class ProcDirectory {
    let root: FilePath

    init(pid: Int32, inodes: [UInt32]) {
      var template = Array("/tmp/walk-XXXXXX".utf8CString)
      root = FilePath(String(cString: mkdtemp(&template)))
      let directory = "\(root)/\(pid)"
      for name in [directory, directory + "/fd"] { mkdir(name, 0o755) }
      let stat = creat(directory + "/stat", 0o644)
      let text =
        "\(pid) (app) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 4096 100 18446744073709551615\n"
      write(stat, text, text.utf8.count)
      close(stat)
      for (descriptor, inode) in inodes.enumerated() {
        symlink("socket:[\(inode)]", directory + "/fd/\(descriptor)")
      }
    }

    deinit {
      for name in (try? names(root.string)) ?? [] {
        for link in (try? names("\(root)/\(name)/fd")) ?? [] {
          unlink("\(root)/\(name)/fd/\(link)")
        }
        unlink("\(root)/\(name)/stat")
        rmdir("\(root)/\(name)/fd")
        rmdir("\(root)/\(name)")
      }
      rmdir(root.string)
    }

    private func names(_ path: String) throws -> [String] {
      guard let directory = opendir(path) else { throw Errno(rawValue: errno) }
      defer { closedir(directory) }
      var names: [String] = []
      while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
      }
      return names
    }
  }

  private func sockets() -> [FakeSocket] {
    (1...Self.count).map { FakeSocket(cookie: UInt64($0), inode: $0 + 1000) }
  }

  private func scan(_ kernel: FakeKernel, in proc: ProcDirectory) throws -> Snapshot {
    let scanner = Scanner(processes: ProcFileSystem(root: proc.root), threads: 2) {
      kernel.open()
    }
    return try scanner.scan(
      ScanRequest(
        SelectionPredicate.everything.limitedToDefaultStates(), reading: [.figures, .owners]),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
  }

  @Test func ownersEqualThoseOfASearchAfterTheDump() throws {
    let proc = ProcDirectory(pid: 100, inodes: [1001, 5, 10_000, Self.count + 1000])
    let snapshot = try scan(FakeKernel(sockets()), in: proc)
    #expect(snapshot.connections.count == Int(Self.count))
    let owned = snapshot.connections.filter { !snapshot.holders(of: $0).isEmpty }
    #expect(owned.map(\.inode) == [1001, 10_000, Self.count + 1000])
    #expect(snapshot.owners?.holdings.count == 3, "holders of unlisted sockets are dropped")
    #expect(snapshot.owners?.isComplete == true)
  }

  @Test func retriedDumpListsEachSocketOnce() throws {
    let proc = ProcDirectory(pid: 100, inodes: [1001])
    let kernel = FakeKernel(sockets())
    kernel.failDump = { $0 == 1 ? .interrupted : nil }
    let snapshot = try scan(kernel, in: proc)
    #expect(snapshot.connections.map(\.inode) == (1...Self.count).map { $0 + 1000 })
    #expect(snapshot.listed == Int(Self.count))
    #expect(snapshot.holders(of: snapshot.connections[0]).map(\.pid) == [100])
  }

  @Test func socketsListedTwiceAreOneConnectionEach() throws {
    let proc = ProcDirectory(pid: 100, inodes: [1001])
    let kernel = FakeKernel(sockets() + sockets().reversed())
    #expect(
      try scan(kernel, in: proc).connections.map(\.inode) == (1...Self.count).map { $0 + 1000 })
  }

  @Test func procWithoutProcessesIsAnError() throws {
    let proc = ProcDirectory(pid: 100, inodes: [])
    let nowhere = FilePath("\(proc.root)/100/fd")
    let kernel = FakeKernel(sockets())
    let scanner = Scanner(processes: ProcFileSystem(root: nowhere), threads: 2) { kernel.open() }
    #expect(throws: ScanProblem.cannotReadProcesses(.noProcesses(nowhere))) {
      try scanner.scan(
        ScanRequest(SelectionPredicate.everything, reading: .owners),
        at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    }
  }
}
