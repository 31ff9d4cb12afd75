import Connections
import Netlink
import ProcessTable
import Scanning
import SystemPackage
import TestSupport

@testable import Operations

/// Systems made of pretended kernels and a hand-made `/proc`.
enum FakeSystem {
  /// The inode of the namespace that connreap seems to run in.
  static let ownInode: UInt64 = 1

  static let moment = ScanMoment(
    bootID: "boot", networkNamespace: ownInode, uptime: 5000, kernelRelease: "6.8.0")

  static func source(
    _ kernel: FakeKernel = FakeKernel([]), processes: ProcFileSystem = ProcTree().files,
    moment: ScanMoment = moment, isLive: Bool = true
  ) -> ConnectionSource {
    ConnectionSource(processes: processes, moment: moment, isLive: isLive) {
      () throws(NetlinkProblem) in kernel.open()
    }
  }

  /// A namespace that `kernel` has; the first inode is the current one.
  static func namespace(_ inode: UInt64, _ kernel: FakeKernel) -> NamespaceSource {
    NamespaceSource(ScannedNamespace(inode: inode, name: nil, isOwn: inode == ownInode)) {
      () throws(NetlinkProblem) in kernel.open()
    }
  }

  /// A namespace that cannot be entered.
  static func closedNamespace(_ inode: UInt64) -> NamespaceSource {
    NamespaceSource(ScannedNamespace(inode: inode, name: nil, isOwn: false)) {
      () throws(NetlinkProblem) in throw .cannotEnter(.notPermitted)
    }
  }

  static func system(_ namespaces: [NamespaceSource], isLive: Bool = true) -> LiveSystem {
    LiveSystem(source(isLive: isLive), ExaminedNamespaces(namespaces))
  }
}
