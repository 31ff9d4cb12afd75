import Glibc
import Privileges
import SystemPackage
import Testing

private let nothing = HeldCapabilities(effective: [], permitted: [])
private let everything = HeldCapabilities(
  effective: Set(Capability.allCases), permitted: Set(Capability.allCases))

@Suite struct HeldCapabilitiesTests {
  /// The masks of `/proc/thread-self/status` are another way to the same truth.
  @Test func areThoseOfTheKernel() throws {
    let status = try contents(of: "/proc/thread-self/status")
    func mask(_ key: String) throws -> UInt64 {
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(key + ":") })
      return try #require(UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16))
    }
    let bits: [Capability: UInt64] = [
      .netAdmin: 12, .sysPtrace: 19, .dacReadSearch: 2, .sysAdmin: 21, .dacOverride: 1,
    ]
    let held = try HeldCapabilities.current()
    let (effective, permitted) = (try mask("CapEff"), try mask("CapPrm"))
    for capability in Capability.allCases {
      let bit = UInt64(1) << (try #require(bits[capability]))
      #expect(held.effective.contains(capability) == (effective & bit != 0))
      #expect(held.permitted.contains(capability) == (permitted & bit != 0))
    }
  }

  @Test func differWhenOneIsOnlyPermitted() {
    let raised = HeldCapabilities(effective: [.netAdmin], permitted: [.netAdmin])
    let lowered = HeldCapabilities(effective: [], permitted: [.netAdmin])
    #expect(raised != lowered)
  }

  @Test func bearTheNamesOfCapabilities7() {
    #expect(
      Capability.allCases.map(\.name) == [
        "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN",
        "CAP_DAC_OVERRIDE",
      ])
  }
}

@Suite struct PrivilegedStepTests {
  @Test(arguments: [
    (PrivilegedStep.closing, [Capability.netAdmin]),
    (.readingOthersDescriptors, [.sysPtrace, .dacReadSearch]),
    (.enteringNamespace, [.sysAdmin]),
    (.seeingMarks, [.netAdmin]),
  ])
  func needsWhatTheKernelChecks(step: PrivilegedStep, needs: [Capability]) {
    #expect(step.needs == Set(needs))
    #expect(step.missing(for: nothing) == needs)
    #expect(step.missing(for: everything) == [])
  }

  @Test func eitherOfTwoAloneIsNotEnough() {
    let step = PrivilegedStep.readingOthersDescriptors
    for (held, missing) in [
      (Capability.sysPtrace, Capability.dacReadSearch), (.dacReadSearch, .sysPtrace),
    ] {
      #expect(step.missing(for: .init(effective: [held], permitted: [held])) == [missing])
    }
  }

  @Test func whatIsPermittedCanBeRaisedAndIsNotMissing() {
    let held = HeldCapabilities(effective: [], permitted: [.netAdmin])
    #expect(PrivilegedStep.closing.missing(for: held) == [])
  }

  /// Every subset of what can be held.
  @Test func nothingIsMissingExactlyWhenAllNeedsArePermitted() {
    for mask in 0..<32 {
      let set = Set(
        Capability.allCases.enumerated().filter { mask >> $0.offset & 1 == 1 }.map(\.element))
      let held = HeldCapabilities(effective: [], permitted: set)
      for step in PrivilegedStep.allCases {
        let missing = step.missing(for: held)
        #expect(Set(missing) == step.needs.subtracting(set))
        #expect(missing.count == Set(missing).count)
        #expect((MissingCapabilities(step, held: held) == nil) == missing.isEmpty)
      }
    }
  }
}

@Suite struct MissingCapabilitiesTests {
  @Test func nameTheCapabilityAndTheRemedy() {
    #expect(
      MissingCapabilities(.closing, held: nothing)?.description
        == "it needs CAP_NET_ADMIN: run it with sudo, or see 'connreap doctor'")
    #expect(
      MissingCapabilities(.readingOthersDescriptors, held: nothing)?.description
        == "it needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: "
        + "run it with sudo, or see 'connreap doctor'")
    #expect(MissingCapabilities(.closing, held: everything) == nil)
  }
}

@Suite struct UserNamespaceTests {
  private func answer(link text: String) throws -> Bool {
    var template = Array("/tmp/connreap-userns-XXXXXX".utf8CString)
    let root = FilePath(String(cString: try #require(mkdtemp(&template))))
    defer {
      for part in ["self/ns/user", "self/ns", "self", ""] { remove(root.appending(part).string) }
    }
    for part in ["self", "self/ns"] { try #require(mkdir(root.appending(part).string, 0o700) == 0) }
    try #require(symlink(text, root.appending("self/ns/user").string) == 0)
    return try UserNamespace.isInitial(procRoot: root)
  }

  @Test func isInitialByItsInodeNumberAlone() throws {
    #expect(try answer(link: "user:[4026531837]"))
    #expect(try !answer(link: "user:[4026531838]"))
    #expect(try !answer(link: "user:[14026531837]"))
  }

  @Test(arguments: [
    "user:[]", "user:[4026531837", "user:4026531837", "net:[4026531837]", "user:[-1]", "user:]",
    "user:[4026531837]x", "user:[", "user:[99999999999999999999]",
    String(repeating: "x", count: 80),
  ])
  func isNotGuessedFromAnotherText(text: String) {
    #expect {
      try answer(link: text)
    } throws: { error in
      guard case .userNamespaceUnintelligible(let path) = error as? PrivilegeProblem else {
        return false
      }
      return path.ends(with: "self/ns/user")
    }
  }

  @Test func isAnErrorWhenTheLinkCannotBeRead() {
    let problem = PrivilegeProblem.userNamespaceUnreadable(
      path: "/nonexistent/self/ns/user", .noSuchFileOrDirectory)
    #expect(throws: problem) { try UserNamespace.isInitial(procRoot: "/nonexistent") }
    #expect(
      problem.description
        == "cannot read /nonexistent/self/ns/user, which names its user namespace: "
        + "No such file or directory")
  }

  @Test func isKnownOnThisMachine() throws {
    let initial = try UserNamespace.isInitial(procRoot: "/proc")
    var stat = stat()
    try #require(fstatat(AT_FDCWD, "/proc/self/ns/user", &stat, 0) == 0)
    #expect(initial == (UInt64(stat.st_ino) == UserNamespace.initialInode))
  }
}

private func contents(of path: String) throws -> String {
  let file = try FileDescriptor.open(FilePath(path), .readOnly)
  defer { try? file.close() }
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
  return String(decoding: bytes[..<count], as: UTF8.self)
}
