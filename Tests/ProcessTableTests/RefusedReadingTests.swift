import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// A process that the kernel refuses to show is a gap, never an empty process.
@Suite(.enabled(if: Stranger.isPossible, "needs root to act as another user"))
struct RefusedReadingTests {
  private let files = ProcFileSystem()

  @Test func refusedDescriptorDirectoriesAreGaps() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    tree.process(11, links: [3: "socket:[100]"])
    chmod(tree.root.string, 0o755)
    chmod(tree.path("10/fd"), 0)
    let table = try Stranger.act {
      try tree.files.findOwners(of: InodeSet([100, 101]), threads: 1)
    }
    #expect(table.processes.map(\.pid) == [11])
    #expect(table.gaps == [ProcessGap(pid: 10, part: .descriptors, error: .permissionDenied)])
  }

  @Test func processesWithoutSearchPermissionAreGaps() throws {
    let tree = ProcTree()
    tree.process(10)
    chmod(tree.root.string, 0o755)
    chmod(tree.path("10"), 0)
    let table = try Stranger.act { try tree.files.findOwners(of: .everySocket, threads: 1) }
    #expect(table.gaps == [ProcessGap(pid: 10, part: .process, error: .permissionDenied)])
    let refused = ProcessProblem.unreadable(tree.root.appending("10"), .permissionDenied)
    #expect(throws: refused) { try Stranger.act { try tree.files.process(10) } }
  }

  @Test func refusedRootsAreAnError() {
    let tree = ProcTree()
    tree.process(10)
    chmod(tree.root.string, 0)
    #expect(throws: ProcessProblem.unreadable(tree.root, .permissionDenied)) {
      try Stranger.act { try tree.files.findOwners(of: .everySocket, threads: 1) }
    }
  }

  @Test func zombiesAndKernelThreadsLeaveNoGaps() throws {
    let tree = ProcTree()
    tree.process(10, state: "Z", threads: 1)
    tree.process(11, flags: 0x0020_0000)
    tree.process(12, state: "Z", threads: 2)
    chmod(tree.root.string, 0o755)
    for pid in 10...12 { chmod(tree.path("\(pid)/fd"), 0) }
    let table = try Stranger.act { try tree.files.findOwners(of: .everySocket, threads: 1) }
    #expect(table.gaps == [ProcessGap(pid: 12, part: .descriptors, error: .permissionDenied)])
  }

  @Test(.enabled(if: PythonChild.isInstalled)) func processesOfOtherUsersAreGaps() throws {
    let child = PythonChild("ready('up'); time.sleep(60)")
    let pruning = ProcessPruning(pids: [child.pid])
    let table = try Stranger.act {
      try files.findOwners(of: .everySocket, among: pruning, threads: 1)
    }
    #expect(
      table.gaps == [ProcessGap(pid: child.pid, part: .descriptors, error: .permissionDenied)])
    // The descriptor count and the facts remain readable.
    #expect(try Stranger.act { try files.descriptorCount(of: child.pid) } >= 3)
    let process = try Stranger.act { try files.process(child.pid) }
    #expect(process.name?.text.hasPrefix("python3") == true && process.executable == nil)
  }

  /// The effective user may open the directory, but only a tracer may read its links.
  @Test(.enabled(if: PythonChild.isInstalled)) func refusedLinksAreGaps() throws {
    let child = PythonChild(
      """
      s = [socket.socket() for i in range(20)]
      os.setresuid(0, \(Stranger.userID), 0)
      libc.prctl(4, 1, 0, 0, 0)
      ready('up')
      time.sleep(60)
      """)
    let pruning = ProcessPruning(pids: [child.pid])
    let table = try Stranger.act {
      try files.findOwners(of: .everySocket, among: pruning, threads: 1)
    }
    #expect(
      table.gaps == [ProcessGap(pid: child.pid, part: .descriptors, error: .permissionDenied)])
    #expect(table.holdings.isEmpty)
  }
}

/// Lets the calling thread act temporarily as another user without privileges.
///
/// The file system user (setfsuid(2)) and the effective capabilities (capset(2)) belong to the
/// thread, so other tests are not affected.
enum Stranger {
  static let userID: UInt32 = 65_534

  static let isPossible: Bool = {
    guard geteuid() == 0 else { return false }
    _ = setFileSystemUser(userID)
    defer { _ = setFileSystemUser(0) }
    return setFileSystemUser(userID) == userID
  }()

  static func act<Result>(_ body: () throws -> Result) rethrows -> Result {
    // Version 3: for each half, the effective, permitted and inheritable sets.
    var header: [UInt32] = [0x2008_0522, 0]
    var held = [UInt32](repeating: 0, count: 6)
    precondition(getCapabilities(&header, &held) == 0)
    _ = setFileSystemUser(userID)
    var none = held
    (none[0], none[3]) = (0, 0)
    precondition(setCapabilities(&header, &none) == 0)
    defer {
      precondition(setCapabilities(&header, &held) == 0)
      _ = setFileSystemUser(geteuid())
    }
    return try body()
  }
}

@_silgen_name("setfsuid") private func setFileSystemUser(_ user: UInt32) -> UInt32

@_silgen_name("capget") private func getCapabilities(
  _ header: UnsafeMutablePointer<UInt32>, _ sets: UnsafeMutablePointer<UInt32>
) -> Int32

@_silgen_name("capset") private func setCapabilities(
  _ header: UnsafeMutablePointer<UInt32>, _ sets: UnsafeMutablePointer<UInt32>
) -> Int32
