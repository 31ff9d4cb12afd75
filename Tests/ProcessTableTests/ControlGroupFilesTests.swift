import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// Finding the cgroup of a process from its file in `/proc`.
@Suite struct ControlGroupMembershipTests {
  private static let id = String(repeating: "ab", count: 32)

  @Test(arguments: [
    // Version 2 only.
    ("0::/system.slice/nginx.service\n", "/system.slice/nginx.service"),
    ("0::/\n", "/"),
    ("0::/a:b@c.service", "/a:b@c.service"),
    ("0::/gone.service (deleted)\n", "/gone.service"),
    ("0::/../../other\n", "/../../other"),
    // Both versions, as set up by systemd.
    (
      "2:cpu:/x\n1:name=systemd:/system.slice/a.service\n0::/system.slice/a.service\n",
      "/system.slice/a.service"
    ),
    // Version 1 only, and an empty version 2.
    ("3:cpu,cpuacct:/\n1:name=systemd:/system.slice/a.service\n", "/system.slice/a.service"),
    ("5:memory:/jail/7\n2:cpu:/\n1:name=systemd:/\n0::/\n", "/jail/7"),
    ("5:memory:/b\n4:pids:/c\n", "/b"),
    // Docker without systemd, on a machine with both versions.
    (
      "4:pids:/docker/\(id)\n1:name=systemd:/docker/\(id)\n0::/system.slice/containerd.service\n",
      "/docker/\(id)"
    ),
  ])
  func theMostInformativeLineIsUsed(content: String, path: String) {
    #expect(ControlGroupMembership.controlGroup(Array(content.utf8))?.path == KernelName(path))
  }

  @Test(arguments: ["", "\n", "nonsense\n", "0:/x\n", "x::/a\n", "0::relative\n"])
  func malformedContentIsUnknown(content: String) {
    #expect(ControlGroupMembership.controlGroup(Array(content.utf8)) == nil)
  }

  @Test func ownersHaveTheirControlGroup() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    tree.file("10/cgroup", "0::/system.slice/nginx.service\n")
    tree.process(11, links: [3: "socket:[100]"])
    tree.file("11/cgroup", "0::/system.slice/nginx.service\n")
    tree.process(12, links: [3: "socket:[100]"])
    let owners = try tree.files.findOwners(of: .everySocket, threads: 2).processes
    #expect(owners.map(\.controlGroup?.unit) == ["nginx.service", "nginx.service", nil])
    #expect(try tree.files.process(10).controlGroup == owners[0].controlGroup)
  }

  @Test func containerNamesAreAppliedToEachGroup() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    tree.file("10/cgroup", "0::/docker/\(Self.id)\n")
    let files = ProcFileSystem(root: tree.root, containers: Renaming())
    #expect(try files.process(10).controlGroup?.container?.name == "web")
    let owners = try files.findOwners(of: .everySocket, threads: 1).processes
    #expect(owners.map(\.controlGroup?.container?.name) == ["web"])
    let walk = try files.startFindingOwners(threads: 1)
    var wanted = InodeSet()
    wanted.insert(100)
    #expect(try walk.finish(wanted: wanted).processes[0].controlGroup?.container?.name == "web")
  }

  /// Names every container `web`.
  struct Renaming: ContainerNames {
    func naming(_ group: ControlGroup) -> ControlGroup {
      ControlGroup(
        path: group.path, unit: group.unit,
        containers: group.containers.map { Container(id: $0.id, name: "web") }, pod: nil)
    }
  }

  @Test func thisProcessHasAControlGroup() throws {
    let own = try ProcFileSystem().process(getpid())
    #expect(own.controlGroup?.path.bytes.first == UInt8(ascii: "/"))
  }
}

/// Finding the cgroup of an ID from the directories of the hierarchy.
@Suite struct ControlGroupTreeTests {
  private func inode(_ path: String) -> UInt64 {
    var status = stat()
    precondition(stat(path, &status) == 0)
    return UInt64(status.st_ino)
  }

  @Test func namesAreComparedByBytes() {
    let tree = ProcTree()
    let names = [
      Array("caf\u{e9}.service".utf8), Array("cafe\u{301}.service".utf8),
      Array("caf".utf8) + [0xff] + Array(".service".utf8),
      Array("caf".utf8) + [0xfe] + Array(".service".utf8),
    ]
    tree.directory("a.slice")
    var expected: [UInt64: ControlGroup] = [:]
    for name in names {
      let path = Array("/a.slice/".utf8) + name
      let file = (Array(tree.root.string.utf8) + path).map { CChar(bitPattern: $0) } + [0]
      precondition(mkdir(file, 0o755) == 0)
      var status = stat()
      precondition(stat(file, &status) == 0)
      expected[UInt64(status.st_ino)] = ControlGroup(path: KernelName(bytes: path))
      precondition(mkdir(file.dropLast() + "/x".utf8CString, 0o755) == 0)
      precondition(stat(file.dropLast() + "/x".utf8CString, &status) == 0)
      expected[UInt64(status.st_ino)] = ControlGroup(
        path: KernelName(bytes: path + Array("/x".utf8)))
    }
    defer {
      for name in names {
        let path = Array("\(tree.root.string)/a.slice/".utf8) + name
        let file = path.map { CChar(bitPattern: $0) } + [0]
        rmdir(file.dropLast() + "/x".utf8CString)
        rmdir(file)
      }
    }
    #expect(expected.count == 8)
    let groups = ControlGroupTree(root: tree.root).controlGroups(Set(expected.keys))
    #expect(groups == expected)
    #expect(Set(groups.values.compactMap(\.unit)).count == 4)
  }

  @Test func idsAreDirectoryInodes() {
    let tree = ProcTree()
    tree.directory("system.slice/nginx.service")
    tree.directory("system.slice/a.service/workers")
    tree.file("system.slice/a.service/cgroup.procs", "1\n")
    tree.directory("user.slice")
    let names = [
      "", "system.slice", "system.slice/nginx.service", "system.slice/a.service/workers",
    ]
    let groups = ControlGroupTree(root: tree.root)
      .controlGroups(Set(names.map { inode(tree.path($0)) } + [1]))
    #expect(groups.count == 4)
    for name in names { #expect(groups[inode(tree.path(name))]?.path == KernelName("/" + name)) }
  }

  @Test func filesAndLinksAreNoGroups() {
    let tree = ProcTree()
    tree.file("cgroup.procs", "1\n")
    tree.directory("a")
    tree.link("b", to: "a")
    let ids: Set = [inode(tree.path("cgroup.procs"))]
    #expect(ControlGroupTree(root: tree.root).controlGroups(ids).isEmpty)
  }

  @Test func partialMountsKeepTheirPath() {
    let tree = ProcTree()
    tree.directory("app.service")
    let ids: Set = [inode(tree.path("app.service")), inode(tree.root.string)]
    let groups = ControlGroupTree(root: tree.root, top: "/docker/x").controlGroups(ids)
    #expect(Set(groups.values.map(\.path)) == ["/docker/x", "/docker/x/app.service"])
  }

  @Test func missingRootsAreUnknown() {
    #expect(ControlGroupTree(root: "/nonexistent").controlGroups([1, 2]).isEmpty)
    #expect(ControlGroupTree(root: "/nonexistent").controlGroups([]).isEmpty)
  }

  @Test func theMountOfVersion2IsFound() throws {
    let tree = ProcTree()
    tree.file(
      "self/mountinfo",
      """
      30 28 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro
      31 30 0:27 /docker/x /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw
      33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory

      """)
    let found = try #require(try tree.files.controlGroupTree())
    #expect(found.root == "/sys/fs/cgroup/unified" && found.top == "/docker/x")
    tree.file("self/mountinfo", "33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
    #expect(try tree.files.controlGroupTree() == nil)
  }

  @Test(
    arguments: [
      // A part mounted elsewhere, before and after.
      (["/ /a", "/x.slice /b"], "/a", "/"), (["/x.slice /b", "/ /a"], "/a", "/"),
      // The whole hierarchy twice; the second name has a space and a backslash.
      (["/ /a", #"/ /m\040n\134o"#], #"/m n\o"#, "/"),
      // Hidden by another mount on the same directory.
      (["/ /a", "/x.slice /a"], "/a", "/x.slice"), (["/ /a", "/ /b", "/x.slice /b"], "/a", "/"),
      // A mount of the machine, seen from a cgroup namespace.
      (["/../.. /a"], "/a", "/../.."), (["/../.. /a", "/ /b"], "/b", "/"),
      ([#"/a\011b /c"#], "/c", "/a\tb"),
    ] as [([String], String, String)])
  func theMountOfTheWholeHierarchyIsPreferred(
    mounts: [String], root: String, top: String
  ) throws {
    let tree = ProcTree()
    let lines = mounts.enumerated().map { number, mount in
      "\(40 + number) 28 0:30 \(mount) rw - cgroup2 cgroup2 rw\n"
    }
    tree.file("self/mountinfo", lines.joined())
    let found = try #require(try tree.files.controlGroupTree())
    #expect(found.root == FilePath(root) && found.top == KernelName(top))
  }
}
