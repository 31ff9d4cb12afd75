import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// Which network namespaces there are.
@Suite struct NetworkNamespaceFilesTests {
  @Test func namespacesOfProcessesComeOnceEach() throws {
    let tree = ProcTree()
    for (pid, inode) in [(30, 7), (4, 7), (9, 8), (2, 8)] {
      tree.process(Int32(pid))
      tree.link("\(pid)/ns/net", to: "net:[\(inode)]")
    }
    let found = try NetworkNamespaceFiles(processes: tree.files).ofProcesses()
    #expect(found.pids == [7: 4, 8: 2])
    #expect(found.unreadable == 0)
  }

  @Test func aLinkThatIsNotWhatTheKernelWritesIsUnreadable() throws {
    let tree = ProcTree()
    tree.process(4)
    tree.link("4/ns/net", to: "net:7")
    let found = try NetworkNamespaceFiles(processes: tree.files).ofProcesses()
    #expect(found.pids.isEmpty)
    #expect(found.unreadable == 1)
  }

  @Test func namesAreThoseOfTheFirstFolderThatThereIs() throws {
    let tree = ProcTree()
    tree.file("netns/blue", "")
    tree.file("netns/with space", "")
    tree.file("other/red", "")
    let none = tree.root.appending("none")
    let files = NetworkNamespaceFiles(
      processes: tree.files,
      folders: [none, tree.root.appending("netns"), tree.root.appending("other")])
    let named = try files.named()
    #expect(Set(named.keys) == ["blue", "with space"])
    #expect(named["blue"] == tree.root.appending("netns").appending("blue"))
    #expect(try NetworkNamespaceFiles(processes: tree.files, folders: [none]).named().isEmpty)
  }

  @Test func namesOfAnyBytesHaveFilesOfTheirOwn() throws {
    let tree = ProcTree()
    tree.folder("netns")
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
      processes: tree.files, folders: [tree.root.appending("netns")])
    let named = try files.named()
    #expect(Set(named.keys) == Set(names.map { KernelName(bytes: $0) }))
    for name in names {
      let file = try #require(named[KernelName(bytes: name)])
      #expect(file == files.file(named: KernelName(bytes: name)))
      let descriptor = try FileDescriptor.open(file, .readOnly)
      var content = [UInt8](repeating: 0, count: 32)
      let count = try descriptor.closeAfter {
        try content.withUnsafeMutableBytes { try descriptor.read(into: $0) }
      }
      #expect(Array(content[..<count]) == name, "it is opened by its own bytes")
      file.withPlatformString { _ = unlink($0) }
    }
  }

  @Test func aFolderThatCannotBeReadIsAnErrorAndNotEmpty() throws {
    let tree = ProcTree()
    tree.file("netns", "")
    let files = NetworkNamespaceFiles(
      processes: tree.files, folders: [tree.root.appending("netns")])
    #expect(throws: ProcessProblem.unreadable(tree.root.appending("netns"), .notDirectory)) {
      try files.named()
    }
  }
}

/// Opening namespaces; entering them is for the tests of the whole tool.
@Suite struct OpenNetworkNamespaceTests {
  @Test func anOpenNamespaceIsKnownByItsInode() throws {
    let open = try OpenNetworkNamespace("/proc/self/ns/net")
    #expect(try open.inode == ProcFileSystem().networkNamespace())
  }

  @Test func whatIsNoNamespaceIsRefused() {
    #expect(throws: Errno.invalidArgument) { try OpenNetworkNamespace("/proc/self/stat") }
    #expect(throws: Errno.noSuchFileOrDirectory) { try OpenNetworkNamespace("/nonexistent") }
  }

  /// Of root, that it is entered; of anybody else, the kernel's refusal.
  @Test func theWorkRunsOnAThreadOfItsOwn() throws {
    let open = try OpenNetworkNamespace("/proc/self/ns/net")
    let here = pthread_self()
    do {
      #expect(try open.run { pthread_equal(pthread_self(), here) == 0 })
    } catch {
      #expect(error == .notPermitted)
    }
  }
}
