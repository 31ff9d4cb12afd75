import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// Finding the network namespaces of a machine.
@Suite struct NetworkNamespaceFilesTests {
  /// A process in a namespace, with threads and descriptors.
  private func process(
    _ pid: Int32, in inode: Int, threads: KeyValuePairs<Int32, Int> = [:],
    open: KeyValuePairs<Int32, String> = [:], on tree: ProcTree
  ) {
    tree.process(pid, links: open)
    tree.link("\(pid)/ns/net", to: "net:[\(inode)]")
    tree.link("\(pid)/task/\(pid)/ns/net", to: "net:[\(inode)]")
    for (thread, inode) in threads {
      tree.link("\(pid)/task/\(thread)/ns/net", to: "net:[\(inode)]")
    }
  }

  private func used(
    _ tree: ProcTree, _ depth: NetworkNamespaceFiles.Depth = .threadsAndDescriptors,
    where isWanted: (@Sendable (ControlGroup?) -> Bool)? = nil
  ) throws -> (files: [UInt64: String], unreadable: Int) {
    let found = try NetworkNamespaceFiles(processes: tree.files)
      .used(depth, threads: 2, where: isWanted)
    let start = tree.root.string.count + 1
    return (found.files.mapValues { String($0.string.dropFirst(start)) }, found.unreadable)
  }

  @Test func eachNamespaceIsListedOnce() throws {
    let tree = ProcTree()
    for (pid, inode) in [(30, 7), (4, 7), (9, 8), (2, 8)] {
      process(Int32(pid), in: inode, on: tree)
    }
    for depth in [NetworkNamespaceFiles.Depth.processes, .threadsAndDescriptors] {
      let found = try used(tree, depth)
      #expect(found.files == [7: "4/ns/net", 8: "2/ns/net"])
      #expect(found.unreadable == 0)
    }
  }

  @Test func namespacesOfThreadsAndDescriptorsAreFound() throws {
    let tree = ProcTree()
    process(
      4, in: 7, threads: [5: 7, 6: 8],
      open: [0: "/dev/null", 3: "net:[9]", 4: "net:[7]", 5: "mnt:[10]", 6: "socket:[11]"], on: tree)
    process(9, in: 12, threads: [10: 9], open: [3: "net:[8]"], on: tree)
    #expect(try used(tree, .processes).files == [7: "4/ns/net", 12: "9/ns/net"])
    #expect(
      try used(tree).files == [
        7: "4/ns/net", 12: "9/ns/net", 8: "4/task/6/ns/net", 9: "9/task/10/ns/net",
      ])
  }

  @Test func descriptorsAreTheLastChoice() throws {
    let tree = ProcTree()
    process(4, in: 7, open: [3: "net:[8]"], on: tree)
    process(9, in: 7, open: [5: "net:[8]"], on: tree)
    #expect(try used(tree).files == [7: "4/ns/net", 8: "4/fd/3"])
    process(20, in: 8, on: tree)
    #expect(try used(tree).files == [7: "4/ns/net", 8: "20/ns/net"])
  }

  /// The threads of an ended leader keep their namespaces.
  @Test func endedLeadersAreInNoNamespace() throws {
    let tree = ProcTree()
    tree.process(4, state: "Z", threads: 2)
    tree.link("4/task/5/ns/net", to: "net:[8]")
    let found = try used(tree)
    #expect(found.files == [8: "4/task/5/ns/net"])
    #expect(found.unreadable == 0)
    #expect(try used(tree, .processes).files.isEmpty)
  }

  @Test func onlyProcessesInWantedGroupsAreRead() throws {
    let tree = ProcTree()
    process(4, in: 7, on: tree)
    tree.file("4/cgroup", "0::/lxc.payload.web\n")
    process(5, in: 8, on: tree)
    tree.file("5/cgroup", "0::/system.slice/a.service\n")
    process(6, in: 9, on: tree)
    let found = try used(tree, .processes) { $0?.container?.name == "web" }
    #expect(found.files == [7: "4/ns/net"])
    #expect(try used(tree, .processes) { $0 == nil }.files == [9: "6/ns/net"])
  }

  @Test func malformedLinksAreUnreadable() throws {
    let tree = ProcTree()
    tree.process(4)
    tree.link("4/ns/net", to: "net:7")
    let found = try used(tree)
    #expect(found.files.isEmpty)
    #expect(found.unreadable == 1)
  }

  @Test func unreadableProcessesAreCounted() throws {
    let tree = ProcTree()
    process(4, in: 7, on: tree)
    tree.process(unreadable: 5, name: "hidden")
    tree.link("5/ns/net", to: "net:[8]")
    tree.directory("5/task/5")
    let found = try used(tree)
    #expect(found.files == [7: "4/ns/net", 8: "5/ns/net"])
    #expect(found.unreadable == 1)
  }

  @Test func namesComeFromAllExistingDirectories() throws {
    let tree = ProcTree()
    for name in ["netns/blue", "netns/with space", "netns/x,y", "docker/red", "docker/blue"] {
      tree.file(name, "")
    }
    let files = NetworkNamespaceFiles(
      processes: tree.files,
      directories: ["none", "netns", "docker"].map { tree.root.appending($0) })
    let named = try files.named()
    #expect(named.map(\.name) == ["blue", "with space", "x,y", "red"])
    #expect(named[0].path == tree.root.appending("netns").appending("blue"))
    #expect(
      try NetworkNamespaceFiles(
        processes: tree.files, directories: [tree.root.appending("none")]
      ).named().isEmpty)
  }

  @Test func namesOfAnyBytesHaveTheirOwnFiles() throws {
    let tree = ProcTree()
    tree.directory("netns")
    let names = [
      Array("caf\u{e9}".utf8), Array("cafe\u{301}".utf8), Array("caf".utf8) + [0xff],
      Array("caf".utf8) + [0xfe], Array("a,b".utf8),
    ]
    for name in names {
      let path =
        (Array("\(tree.root.string)/netns/".utf8) + name).map { CChar(bitPattern: $0) } + [0]
      let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
      precondition(descriptor >= 0 && write(descriptor, name, name.count) == name.count)
      close(descriptor)
    }
    let files = NetworkNamespaceFiles(
      processes: tree.files, directories: [tree.root.appending("netns")])
    let named = try files.named()
    #expect(Set(named.map(\.name)) == Set(names.map { KernelName(bytes: $0) }))
    for name in names {
      let file = try #require(named.first { $0.name == KernelName(bytes: name) }).path
      #expect(file == files.file(named: KernelName(bytes: name)))
      let descriptor = try FileDescriptor.open(file, .readOnly)
      var content = [UInt8](repeating: 0, count: 32)
      let count = try descriptor.closeAfter {
        try content.withUnsafeMutableBytes { try descriptor.read(into: $0) }
      }
      #expect(Array(content[..<count]) == name, "the file is opened by its exact bytes")
      file.withPlatformString { _ = unlink($0) }
    }
  }

  @Test func unreadableDirectoriesAreAnError() throws {
    let tree = ProcTree()
    tree.file("netns", "")
    let files = NetworkNamespaceFiles(
      processes: tree.files, directories: [tree.root.appending("netns")])
    #expect(throws: ProcessProblem.unreadable(tree.root.appending("netns"), .notDirectory)) {
      try files.named()
    }
  }

  @Test func mountedNamespacesAreFound() throws {
    let tree = ProcTree()
    tree.file(
      "self/mountinfo",
      #"""
      30 28 0:4 net:[4026532281] /run/netns/blue rw shared:9 - nsfs nsfs rw
      31 28 0:4 mnt:[4026532282] /run/snapd/ns/x.mnt rw - nsfs nsfs rw
      32 28 0:4 net:[4026532283] /srv/a\040b rw - nsfs nsfs rw
      33 28 0:29 / /sys rw - sysfs sysfs rw

      """#)
    let found = try NetworkNamespaceFiles(processes: tree.files).mounted()
    #expect(found.map(\.inode) == [4_026_532_281, 4_026_532_283])
    #expect(found.map(\.file.name) == ["/run/netns/blue", "/srv/a b"])
  }
}

/// Opening namespaces. The end-to-end tests cover entering them.
@Suite struct OpenNetworkNamespaceTests {
  @Test func openNamespacesHaveTheirInode() throws {
    let open = try OpenNetworkNamespace("/proc/self/ns/net")
    #expect(try open.inode == ProcFileSystem().networkNamespace())
  }

  @Test(arguments: ["/proc/self/stat", "/proc/self/ns/mnt", "/dev/null", "/tmp"])
  func otherFilesAreRefused(path: String) {
    #expect(throws: Errno.invalidArgument) { try OpenNetworkNamespace(FilePath(path)) }
  }

  @Test func missingFilesAreNotFound() {
    #expect(throws: Errno.noSuchFileOrDirectory) { try OpenNetworkNamespace("/nonexistent") }
  }

  @Test(.timeLimit(.minutes(1))) func fifosDoNotBlock() throws {
    let tree = ProcTree()
    #expect(mkfifo(tree.path("fifo"), 0o600) == 0)
    defer { unlink(tree.path("fifo")) }
    #expect(throws: Errno.invalidArgument) {
      try OpenNetworkNamespace(tree.root.appending("fifo"))
    }
  }

  /// Root enters the namespace. For other users, the kernel refuses.
  @Test func workRunsOnItsOwnThread() throws {
    let open = try OpenNetworkNamespace("/proc/self/ns/net")
    let here = pthread_self()
    do {
      #expect(try open.run { pthread_equal(pthread_self(), here) == 0 })
    } catch {
      #expect(error == .notPermitted)
    }
  }
}
