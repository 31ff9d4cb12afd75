import Connections
import Glibc
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Operations

/// The running kernel and recordings as sources.
@Suite struct ConnectionSourceTests {
  private let tree = ProcTree()

  /// Records a scan of `kernel`, and returns the path of the file.
  private func record(_ kernel: FakeKernel) throws -> String {
    tree.file("scene.rec", "")
    let path = tree.path("scene.rec")
    let recorder = try ConversationRecorder(to: path, at: FakeSystem.moment)
    let source = ConnectionSource(
      processes: tree.files, moment: FakeSystem.moment, recorder: recorder
    ) { () throws(NetlinkProblem) in recorder.recording(kernel.open()) }
    #expect(source.isRecorded)
    let system = LiveSystem(source, ExaminedNamespaces(currentOf: source))
    let snapshot = try system.scan(ScanRequest(.everything, reading: []))
    #expect(snapshot.connections.count == kernel.sockets.count)
    try system.finish()
    return path
  }

  private func replay(_ path: String, procRoot: String? = nil) throws -> LiveSystem {
    try LiveSystem.prepared(.recording(path, procRoot: procRoot)).system
  }

  @Test func aRecordingReplaysTheConnectionsAndTheMoment() throws {
    let system = try replay(try record(FakeKernel([FakeSocket(cookie: 1), FakeSocket(cookie: 2)])))
    #expect(system.moment == FakeSystem.moment)
    #expect(!system.isLive)
    #expect(!system.source.isRecorded)
    let snapshot = try system.scan(ScanRequest(.everything, reading: []))
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1, 2])
  }

  @Test func aRecordingHasOwnersOnlyWithACopyOfProc() throws {
    tree.process(100, name: "java", links: [3: "socket:[77]"])
    let path = try record(FakeKernel([FakeSocket(cookie: 1, inode: 77)]))
    #expect(try !replay(path).knowsOwners)
    let system = try replay(path, procRoot: tree.root.string)
    #expect(system.knowsOwners)
    let snapshot = try system.scan(ScanRequest(.everything, reading: [.owners]))
    #expect(snapshot.holders(of: snapshot.connections[0]).map(\.name) == ["java"])
  }

  @Test func onlyTheUserMayReadARecording() throws {
    let mode = try FilePath(record(FakeKernel([]))).stat().permissions
    #expect(mode == .ownerReadWrite)
  }

  @Test func aRawDumpHasNoMoment() throws {
    let row = WireBytes.message(
      type: 20, sequence: 9, payload: FakeSocket(cookie: 5, inode: 1).row)
    tree.file("ss.raw", row + WireBytes.done(sequence: 9))
    let system = try replay(tree.path("ss.raw"))
    #expect(
      system.moment
        == ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    let request = ScanRequest(.term(.states(TCPState.established.asSet)), reading: [])
    #expect(try system.scan(request).connections.map(\.cookie.rawValue) == [5])
  }

  @Test func aDamagedRecordingIsBadData() throws {
    tree.file("bad\u{1b}.rec", "# connreap recording 1\nnonsense\n")
    let failure = try #require(throws: CommandFailure.self) {
      try replay(tree.path("bad\u{1b}.rec"))
    }
    #expect(failure.status == .badData)
    #expect(failure.message?.contains("\u{1b}") == false)
  }

  @Test func theRunningKernelKnowsItsMoment() throws {
    let source = try ConnectionSource(.kernel())
    #expect(source.isLive && source.knowsOwners && !source.isRecorded)
    #expect(source.moment.bootID == (try ProcFileSystem().bootID()))
    #expect(source.moment.networkNamespace == (try ProcFileSystem().networkNamespace()))
    #expect(source.moment.kernelRelease == Uname.release)
    #expect(try #require(source.moment.uptime) > 0)
  }

  @Test(arguments: [49_999, 50_000])
  func manySocketsAreCountedOnTwoCores(count: Int) {
    tree.file("net/sockstat", "sockets: used 9\nTCP: inuse 1 orphan 0 tw 0 alloc \(count) mem 1\n")
    tree.file("sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    let expected: UInt16? = count < 50_000 ? nil : 46_883
    #expect(FakeSystem.source(processes: tree.files).splitPort == expected)
    #expect(FakeSystem.source(processes: tree.files, isLive: false).splitPort == nil)
  }

  @Test func insideANamespaceItsOwnCountersAndInodeCount() {
    let source = FakeSystem.source(processes: tree.files)
    let other = source.inside(FakeSystem.namespace(7, FakeKernel([])))
    #expect(other.moment.networkNamespace == 7)
    #expect(other.moment.bootID == source.moment.bootID)
    #expect(other.counters.root == tree.root.appending("thread-self"))
    let own = source.inside(FakeSystem.namespace(FakeSystem.ownInode, FakeKernel([])))
    #expect(own.counters.root == tree.root)
  }
}
