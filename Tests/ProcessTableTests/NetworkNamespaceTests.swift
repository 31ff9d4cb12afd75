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
