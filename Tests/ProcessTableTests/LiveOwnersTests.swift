import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// Searches in the `/proc` of this machine, among processes that the tests start.
@Suite(.enabled(if: PythonChild.isInstalled, "needs /usr/bin/python3"))
struct LiveOwnersTests {
  private let files = ProcFileSystem()

  private func holdings(_ inode: UInt32, in table: OwnerTable) -> [[Int32]] {
    table.holdings(of: inode).map { [table.process(of: $0).pid, $0.descriptor] }
  }

  @Test func ownSocketsAreFound() throws {
    let pair = SocketPair()
    let copy = fcntl(pair.descriptors[0], F_DUPFD_CLOEXEC, 500)
    defer { close(copy) }
    let table = try files.findOwners(
      of: InodeSet([pair.inode(0), pair.inode(1)]), threads: 2)
    #expect(
      holdings(pair.inode(0), in: table).filter { $0[0] == getpid() }
        == [[getpid(), pair.descriptors[0]], [getpid(), copy]])
    #expect(
      holdings(pair.inode(1), in: table).contains([getpid(), pair.descriptors[1]]))
    let own = try #require(table.processes.first { $0.pid == getpid() })
    #expect(try own == files.process(getpid()))
    #expect(own.userID == getuid())
    #expect(own.identity.startTicks != nil && own.name != nil && own.executable != nil)
  }

  @Test func sharedSocketsHaveTwoOwners() throws {
    let pair = SocketPair(inherited: true)
    let child = PythonChild("ready('up'); time.sleep(60)")
    let inode = pair.inode(0)
    let table = try files.findOwners(of: InodeSet([inode]), threads: 2)
    let descriptor = pair.descriptors[0]
    let found = holdings(inode, in: table)
    #expect(found.contains([getpid(), descriptor]) && found.contains([child.pid, descriptor]))
  }

  @Test func threadsWithTheirOwnTableAreFound() throws {
    let child = PythonChild(
      """
      def work():
          assert libc.unshare(0x400) == 0
          s = socket.socket()
          ready(os.fstat(s.fileno()).st_ino, s.fileno())
          time.sleep(60)
      for i in range(4): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
      threading.Thread(target=work).start()
      """)
    let values = child.greeting.split(separator: " ").compactMap { UInt32($0) }
    try #require(values.count == 2)
    let table = try files.findOwners(of: InodeSet([values[0]]), threads: 2)
    #expect(holdings(values[0], in: table) == [[child.pid, Int32(values[1])]])
    let every = try files.findOwners(
      of: .everySocket, among: ProcessPruning(pids: [child.pid]), threads: 1)
    #expect(holdings(values[0], in: every) == [[child.pid, Int32(values[1])]])
  }

  /// A zombie has no memory, so the kernel shows its descriptors only with CAP_SYS_PTRACE.
  @Test(.enabled(if: geteuid() == 0, "needs root"))
  func socketsOfAZombieLeadersThreadsAreFound() throws {
    let child = PythonChild(
      """
      s = socket.socket()
      def work():
          while open('/proc/self/stat').read().rsplit(')')[-1].split()[0] != 'Z': time.sleep(0.01)
          ready(os.fstat(s.fileno()).st_ino, s.fileno())
          time.sleep(60)
      threading.Thread(target=work).start()
      threading.Thread(target=time.sleep, args=(60,)).start()
      libc.pthread_exit(None)
      """)
    let values = child.greeting.split(separator: " ").compactMap { UInt32($0) }
    try #require(values.count == 2)
    #expect(try files.descriptorCount(of: child.pid) == 0)
    for wanted in [InodeSet([values[0]]), .everySocket] {
      let table = try files.findOwners(
        of: wanted, among: ProcessPruning(pids: [child.pid]), threads: 1)
      #expect(holdings(values[0], in: table) == [[child.pid, Int32(values[1])]])
    }
  }

  @Test func sharedTablesAreRecognized() throws {
    let root = try Directory("/proc")
    let isPossible = FileTableComparison.isPossible(below: root)
    try #require(isPossible)
    let child = PythonChild(
      """
      def work():
          libc.unshare(0x400)
          ready(plain.native_id, threading.get_native_id())
          time.sleep(60)
      plain = threading.Thread(target=time.sleep, args=(60,), daemon=True)
      plain.start()
      threading.Thread(target=work).start()
      """)
    let threads = child.greeting.split(separator: " ").compactMap { Int32($0) }
    try #require(threads.count == 2)
    let order = try #require(FileTableComparison.order(child.pid, threads[1]))
    #expect(order != .same)
    let reverse = FileTableComparison.order(threads[1], child.pid)
    #expect(reverse == (order == .before ? .after : .before))
    #expect(FileTableComparison.order(child.pid, threads[0]) == .same)
    #expect([.before, .after].contains(FileTableComparison.order(child.pid, getpid())))
    child.end()
    #expect(FileTableComparison.order(child.pid, threads[0]) == nil)
  }

  @Test func copiesOfProcCannotCompareTables() throws {
    let tree = ProcTree()
    tree.link("self", to: "\(getpid())")
    #expect(try !FileTableComparison.isPossible(below: Directory(tree.root)))
  }

  @Test func openDirectoriesNeverShowALaterProcess() throws {
    let child = PythonChild("ready('up'); time.sleep(60)")
    let directory = try ProcessDirectory(pid: child.pid, below: Directory("/proc"))
    #expect(try directory.owner(.all).pid == child.pid)
    child.end()
    let failure = #expect(throws: Errno.self) { try directory.owner(.all) }
    #expect(failure?.meansGone == true)
    let failureOfOpening = #expect(throws: Errno.self) { _ = try directory.open("fd") }
    #expect(failureOfOpening?.meansGone == true)
    #expect(throws: ProcessProblem.noSuchProcess(pid: child.pid)) {
      try files.process(child.pid)
    }
  }

  @Test func filesWithAnOverlongPathAreNoGap() throws {
    let child = PythonChild(
      """
      import shutil, tempfile
      top = tempfile.mkdtemp()
      os.chdir(top)
      for i in range(25):
          os.mkdir('d' * 200)
          os.chdir('d' * 200)
      f = open('file', 'w')
      s = socket.socket()
      try: os.readlink('/proc/self/fd/%d' % f.fileno())
      except OSError as e: failure = e.errno
      os.chdir('/')
      shutil.rmtree(top)
      ready(failure, os.fstat(s.fileno()).st_ino)
      time.sleep(60)
      """)
    let values = child.greeting.split(separator: " ").compactMap { UInt32($0) }
    try #require(values.count == 2 && values[0] == UInt32(ENAMETOOLONG))
    let table = try files.findOwners(
      of: InodeSet([values[1]]), among: ProcessPruning(pids: [child.pid]), threads: 1)
    #expect(table.holdings(of: values[1]).count == 1)
    #expect(table.gaps.isEmpty)
  }

  @Test func namesThatLookLikeFieldsAreParsed() throws {
    let child = PythonChild(
      "libc.prctl(15, b'x) Z 7\\n\\x1b[\\xff) R', 0, 0, 0); ready('up'); time.sleep(60)")
    let process = try files.process(child.pid)
    #expect(
      process.name
        == KernelName(bytes: Array("x) Z 7\n\u{1b}[".utf8) + [0xff] + Array(") R".utf8)))
    #expect(try files.parent(of: child.pid) == getpid())
    #expect(process.executableName?.text.hasPrefix("python3") == true)
    let ticks = try UInt64(sysconf(Int32(_SC_CLK_TCK))) * #require(SystemClock.uptime) / 1000
    let start = try #require(process.identity.startTicks)
    #expect(start <= ticks && start + 6000 > ticks)
  }

  @Test func ancestorsOfAChildStartWithThisProcess() throws {
    let child = PythonChild("ready('up'); time.sleep(60)")
    let chain = try files.ancestors(of: child.pid)
    #expect(try chain.first == files.process(getpid()).identity)
    #expect(Array(chain.dropFirst()) == (try files.ancestors(of: getpid())))
    let last = try #require(chain.last)
    #expect(try last.startTicks == nil || files.parent(of: last.pid) == nil)
  }

  @Test func theDescriptorCountMatchesTheDirectory() throws {
    let child = PythonChild(
      """
      keep = [os.open('/dev/null', os.O_RDONLY) for i in range(40)]
      ready(len(os.listdir('/proc/self/fd')) - 1)
      time.sleep(60)
      """)
    #expect(try files.descriptorCount(of: child.pid) == Int(child.greeting))
  }
}
