import Glibc
import Privileges
import SystemPackage
import Testing

private let nothing = HeldCapabilities(effective: [], permitted: [])
private let everything = HeldCapabilities(
  effective: .all, permitted: .all)

@Suite struct CapabilitiesTests {
  @Test func singleCapabilitySetHasThatMember() {
    for capability in Capability.allCases {
      let set = Capabilities(capability)
      #expect(set.members == [capability] && set.contains(capability))
      #expect(Capability.allCases.filter(set.contains) == [capability])
    }
    #expect(Capabilities.all.members == Capability.allCases)
    #expect(Capabilities([]).members.isEmpty)
  }

  @Test func constantsMatchTheCapabilities() {
    let named: [Capabilities] = [
      .netAdmin, .sysPtrace, .dacReadSearch, .sysAdmin, .dacOverride, .chown,
    ]
    #expect(named == Capability.allCases.map { Capabilities($0) })
  }

  @Test func membersRecreateTheSet() {
    for bits in 0..<64 as Range<UInt8> {
      let set = Capabilities(rawValue: bits)
      #expect(Capabilities(set.members) == set)
    }
  }
}

@Suite struct HeldCapabilitiesTests {
  /// Compares with the masks in `/proc/thread-self/status`.
  @Test func currentMatchesTheKernel() throws {
    let status = try contents(of: "/proc/thread-self/status")
    func mask(_ key: String) throws -> UInt64 {
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(key + ":") })
      return try #require(UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16))
    }
    let bits: [Capability: UInt64] = [
      .netAdmin: 12, .sysPtrace: 19, .dacReadSearch: 2, .sysAdmin: 21, .dacOverride: 1,
      .chown: 0,
    ]
    let held = try HeldCapabilities.current()
    let (effective, permitted) = (try mask("CapEff"), try mask("CapPrm"))
    for capability in Capability.allCases {
      let bit = UInt64(1) << (try #require(bits[capability]))
      #expect(held.effective.contains(capability) == (effective & bit != 0))
      #expect(held.permitted.contains(capability) == (permitted & bit != 0))
    }
  }

  @Test func effectiveAndPermittedAreCompared() {
    let raised = HeldCapabilities(effective: [.netAdmin], permitted: [.netAdmin])
    let lowered = HeldCapabilities(effective: [], permitted: [.netAdmin])
    #expect(raised != lowered)
  }

  @Test func namesAreThoseOfCapabilities7() {
    #expect(
      Capability.allCases.map(\.name) == [
        "CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN",
        "CAP_DAC_OVERRIDE", "CAP_CHOWN",
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
  func stepsNeedWhatTheKernelChecks(step: PrivilegedStep, needs: [Capability]) {
    #expect(step.needs == Capabilities(needs))
    #expect(step.missing(for: nothing) == needs)
    #expect(step.missing(for: everything) == [])
  }

  @Test func readingOthersDescriptorsNeedsBothCapabilities() {
    let step = PrivilegedStep.readingOthersDescriptors
    for (held, missing) in [
      (Capability.sysPtrace, Capability.dacReadSearch), (.dacReadSearch, .sysPtrace),
    ] {
      #expect(
        step.missing(for: .init(effective: Capabilities(held), permitted: Capabilities(held))) == [
          missing
        ])
    }
  }

  @Test func permittedCapabilityIsNotMissing() {
    let held = HeldCapabilities(effective: [], permitted: [.netAdmin])
    #expect(PrivilegedStep.closing.missing(for: held) == [])
  }

  /// Tests every subset.
  @Test func missingIsWhatIsNeededAndNotPermitted() {
    for mask in 0..<64 {
      let set = Capabilities(
        Capability.allCases.enumerated().filter { mask >> $0.offset & 1 == 1 }.map(\.element))
      let held = HeldCapabilities(effective: [], permitted: set)
      for step in PrivilegedStep.allCases {
        let missing = step.missing(for: held)
        #expect(Capabilities(missing) == step.needs.subtracting(set))
        #expect(missing.count == Set(missing).count)
        #expect((MissingCapabilities(step, held: held) == nil) == missing.isEmpty)
      }
    }
  }
}

@Suite struct MissingCapabilitiesTests {
  @Test func messageNamesTheCapabilityAndTheRemedy() {
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

@Suite struct CredentialsTests {
  private func credentials(
    user: UInt32, effective: UInt32? = nil, group: Bool = false, secure: Bool = false,
    permitted: Capabilities = []
  ) -> Credentials {
    Credentials(
      userID: user, effectiveUserID: effective ?? user, groupsDiffer: group,
      isSecureExecution: secure, held: HeldCapabilities(effective: [], permitted: permitted))
  }

  @Test func ordinaryUserWithExtraPrivilegesIsElevated() {
    #expect(credentials(user: 1000, permitted: [.netAdmin]).isElevated, "ambient capabilities")
    #expect(credentials(user: 1000, secure: true).isElevated, "capabilities of the file")
    #expect(!credentials(user: 1000).isElevated)
    #expect(!credentials(user: 0, permitted: [.netAdmin]).isElevated)
    #expect(!credentials(user: 0, secure: true).isElevated)
  }

  @Test func setIDBitsAreDetected() {
    #expect(credentials(user: 1000, effective: 0).isSetID)
    #expect(credentials(user: 1000, group: true).isSetID)
    #expect(!credentials(user: 1000).isSetID)
    #expect(!credentials(user: 0).isSetID)
  }

  @Test func currentMatchesThisProcess() throws {
    let current = try Credentials.current()
    #expect(current.userID == getuid() && current.effectiveUserID == geteuid())
    #expect(try current.held == HeldCapabilities.current())
  }
}

/// Dropping is permanent, so each test has its own thread.
@Suite struct OwnPrivilegesTests {
  /// Runs `work` on a new thread, because capabilities belong to threads.
  private func onThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) throws -> Value {
    var result: Result<Value, any Error>?
    let threadWork = ThreadWork { result = Result { try work() } }
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }, Unmanaged.passRetained(threadWork).toOpaque())
    try #require(code == 0)
    pthread_join(thread, nil)
    return try #require(result).get()
  }

  private static let isRoot = (try? HeldCapabilities.current().permitted) == .all

  @Test(.enabled(if: isRoot, "needs all capabilities that connreap can need"))
  func keepAndRaiseLimitTheSets() throws {
    let steps = try onThread {
      var steps: [HeldCapabilities] = []
      try OwnPrivileges.preventPrivilegeGain(raised: [.sysPtrace])
      steps.append(try .current())
      try OwnPrivileges.keep([.netAdmin, .sysPtrace], raised: [.sysPtrace, .sysAdmin])
      steps.append(try .current())
      try OwnPrivileges.raising([.netAdmin, .sysAdmin]) {
        steps.append(try .current())
        // The inner call leaves raised what the outer one raised.
        OwnPrivileges.raising([.netAdmin]) {}
        steps.append(try .current())
      }
      steps.append(try .current())
      try OwnPrivileges.keep([], raised: [])
      try OwnPrivileges.raising([.netAdmin]) { steps.append(try .current()) }
      return steps
    }
    let kept = HeldCapabilities(effective: [.sysPtrace], permitted: [.netAdmin, .sysPtrace])
    let raised = HeldCapabilities(
      effective: [.netAdmin, .sysPtrace], permitted: [.netAdmin, .sysPtrace])
    #expect(
      steps == [
        HeldCapabilities(effective: [.sysPtrace], permitted: .all),
        kept, raised, raised, kept, nothing,
      ])
  }

  @Test(.enabled(if: isRoot, "needs all capabilities that connreap can need"))
  func nothingCanGainPrivilegesAfterwards() throws {
    let status = try onThread {
      try OwnPrivileges.preventPrivilegeGain(raised: [])
      return try contents(of: "/proc/thread-self/status")
    }
    for line in [
      "NoNewPrivs:\t1", "CapInh:\t0000000000000000", "CapBnd:\t0000000000000000",
      "CapAmb:\t0000000000000000", "CapEff:\t0000000000000000",
    ] {
      #expect(status.contains(line))
    }
  }

  @Test(.enabled(if: isRoot, "needs all capabilities that connreap can need"))
  func capabilitiesAreLoweredAfterAnError() throws {
    let held = try onThread {
      try OwnPrivileges.preventPrivilegeGain(raised: [])
      #expect(throws: Errno.ioError) {
        try OwnPrivileges.raising([.netAdmin]) { throw Errno.ioError }
      }
      return try HeldCapabilities.current()
    }
    #expect(held.effective == [])
  }

  @Test(.enabled(if: isRoot, "needs all capabilities that connreap can need"))
  func raisableCapabilitiesCanBeRaisedRepeatedly() throws {
    let steps = try onThread {
      var steps: [Capabilities] = []
      try OwnPrivileges.keep([.netAdmin, .sysPtrace], raised: [.sysPtrace])
      let raisable = RaisableCapabilities([.netAdmin, .sysAdmin])
      for _ in 0..<2 {
        steps.append(try raisable.raising { try HeldCapabilities.current() }.effective)
        steps.append(try HeldCapabilities.current().effective)
      }
      return steps
    }
    #expect(
      steps == [[.netAdmin, .sysPtrace], [.sysPtrace], [.netAdmin, .sysPtrace], [.sysPtrace]])
  }

  @Test(.enabled(if: isRoot, "needs all capabilities that connreap can need"))
  func droppedCapabilitiesAreNotRaised() throws {
    let held = try onThread {
      try OwnPrivileges.keep([.netAdmin], raised: [])
      let raisable = RaisableCapabilities([.netAdmin])
      try OwnPrivileges.keep([], raised: [])
      return try raisable.raising { try HeldCapabilities.current() }
    }
    #expect(held == nothing)
  }

  @Test func raisingWithoutCapabilitiesHasNoEffect() throws {
    let held = try onThread {
      try OwnPrivileges.keep([], raised: [])
      return try OwnPrivileges.raising([.netAdmin]) { try HeldCapabilities.current() }
    }
    #expect(held == nothing)
  }
}

@Suite struct UserNamespaceTests {
  @Test func unreadableNetworkNamespaceHasUnknownOwner() {
    #expect(UserNamespace.ownsNetworkNamespace(procRoot: "/nonexistent") == nil)
  }

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

  @Test func inodeNumberDecidesWhetherItIsInitial() throws {
    #expect(try answer(link: "user:[4026531837]"))
    #expect(try !answer(link: "user:[4026531838]"))
    #expect(try !answer(link: "user:[14026531837]"))
  }

  @Test(arguments: [
    "user:[]", "user:[4026531837", "user:4026531837", "net:[4026531837]", "user:[-1]", "user:]",
    "user:[4026531837]x", "user:[", "user:[99999999999999999999]",
    String(repeating: "x", count: 80),
  ])
  func unexpectedLinkIsAnError(text: String) {
    #expect {
      try answer(link: text)
    } throws: { error in
      guard case .userNamespaceMalformed(let path) = error as? PrivilegeProblem else {
        return false
      }
      return path.ends(with: "self/ns/user")
    }
  }

  @Test func unreadableLinkIsAnError() {
    let problem = PrivilegeProblem.userNamespaceUnreadable(
      path: "/nonexistent/self/ns/user", .noSuchFileOrDirectory)
    #expect(throws: problem) { try UserNamespace.isInitial(procRoot: "/nonexistent") }
    #expect(
      problem.description
        == "cannot read /nonexistent/self/ns/user, which identifies the user namespace: "
        + "No such file or directory")
  }

  @Test func isInitialMatchesThisMachine() throws {
    let initial = try UserNamespace.isInitial(procRoot: "/proc")
    var stat = stat()
    try #require(fstatat(AT_FDCWD, "/proc/self/ns/user", &stat, 0) == 0)
    #expect(initial == (UInt64(stat.st_ino) == UserNamespace.initialInode))
  }
}

/// Work for a thread, in a form that pthread_create(3) can pass.
private final class ThreadWork {
  let work: () -> Void
  init(_ work: @escaping () -> Void) { self.work = work }
}

private func contents(of path: String) throws -> String {
  let file = try FileDescriptor.open(FilePath(path), .readOnly)
  defer { try? file.close() }
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
  return String(decoding: bytes[..<count], as: UTF8.self)
}
