import Connections
import Glibc
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

/// With many connections, owners are looked for while the kernel still lists.
@Suite struct WalkDuringDumpTests {
  private static let count: UInt32 = 17_000

  /// A copy of `/proc` with one process, that holds these inodes.
  private final class Folder {
    let root: FilePath

    init(pid: Int32, inodes: [UInt32]) {
      var template = Array("/tmp/walk-XXXXXX".utf8CString)
      root = FilePath(String(cString: mkdtemp(&template)))
      let folder = "\(root)/\(pid)"
      for name in [folder, folder + "/fd"] { mkdir(name, 0o755) }
      let stat = creat(folder + "/stat", 0o644)
      let text =
        "\(pid) (app) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 4096 100 18446744073709551615\n"
      write(stat, text, text.utf8.count)
      close(stat)
      for (descriptor, inode) in inodes.enumerated() {
        symlink("socket:[\(inode)]", folder + "/fd/\(descriptor)")
      }
    }

    deinit {
      for folder in (try? names(root.string)) ?? [] {
        for link in (try? names("\(root)/\(folder)/fd")) ?? [] {
          unlink("\(root)/\(folder)/fd/\(link)")
        }
        unlink("\(root)/\(folder)/stat")
        rmdir("\(root)/\(folder)/fd")
        rmdir("\(root)/\(folder)")
      }
      rmdir(root.string)
    }

    private func names(_ path: String) throws -> [String] {
      guard let folder = opendir(path) else { throw Errno(rawValue: errno) }
      defer { closedir(folder) }
      var names: [String] = []
      while let entry = readdir(folder) {
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

  private func scan(_ kernel: FakeKernel, in folder: Folder) throws -> Snapshot {
    let scanner = Scanner(processes: ProcFileSystem(root: folder.root), threads: 2) {
      kernel.open()
    }
    return try scanner.scan(
      ScanRequest(
        SelectionPredicate.everything.limitedToDefaultStates(), reading: [.figures, .owners]),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
  }

  @Test func ownersAreThoseOfASearchAfterTheDump() throws {
    let folder = Folder(pid: 100, inodes: [1001, 5, 10_000, Self.count + 1000])
    let snapshot = try scan(FakeKernel(sockets()), in: folder)
    #expect(snapshot.connections.count == Int(Self.count))
    let owned = snapshot.connections.filter { !snapshot.holders(of: $0).isEmpty }
    #expect(owned.map(\.inode) == [1001, 10_000, Self.count + 1000])
    #expect(snapshot.owners?.holdings.count == 3, "what was not listed is not kept")
    #expect(snapshot.owners?.isComplete == true)
  }

  @Test func aDumpThatIsAskedForAgainListsEachOnce() throws {
    let folder = Folder(pid: 100, inodes: [1001])
    let kernel = FakeKernel(sockets())
    kernel.failDump = { $0 == 1 ? .interrupted : nil }
    let snapshot = try scan(kernel, in: folder)
    #expect(snapshot.connections.map(\.inode) == (1...Self.count).map { $0 + 1000 })
    #expect(snapshot.listed == Int(Self.count))
    #expect(snapshot.holders(of: snapshot.connections[0]).map(\.pid) == [100])
  }

  @Test func socketsListedTwiceAreOneConnectionEach() throws {
    let folder = Folder(pid: 100, inodes: [1001])
    let kernel = FakeKernel(sockets() + sockets().reversed())
    #expect(
      try scan(kernel, in: folder).connections.map(\.inode) == (1...Self.count).map { $0 + 1000 })
  }

  @Test func aProcWithoutProcessesIsAnError() throws {
    let folder = Folder(pid: 100, inodes: [])
    let nowhere = FilePath("\(folder.root)/100/fd")
    let kernel = FakeKernel(sockets())
    let scanner = Scanner(processes: ProcFileSystem(root: nowhere), threads: 2) { kernel.open() }
    #expect(throws: ScanProblem.cannotReadProcesses(.noProcesses(nowhere))) {
      try scanner.scan(
        ScanRequest(SelectionPredicate.everything, reading: .owners),
        at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    }
  }
}
