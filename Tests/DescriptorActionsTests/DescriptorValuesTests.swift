import Connections
import SystemPackage
import Testing

@testable import DescriptorActions

@Suite struct KeepaliveSettingsTests {
  @Test(arguments: [
    (Int32(0), Int32(1), Int32(1)), (1, 0, 1), (1, 1, 0), (-1, 1, 1), (32_768, 1, 1),
    (1, 32_768, 1), (1, 1, 128),
  ])
  func valuesThatTheKernelRefusesAreRejected(idle: Int32, interval: Int32, count: Int32) {
    #expect(KeepaliveSettings(idle: idle, interval: interval, count: count) == nil)
  }

  @Test func limitsAreInclusive() {
    #expect(KeepaliveSettings(idle: 1, interval: 1, count: 1, userTimeout: 1) != nil)
    #expect(
      KeepaliveSettings(
        idle: 32_767, interval: 32_767, count: 127, userTimeout: UInt32(Int32.max)) != nil)
  }

  @Test(arguments: [UInt32(0), 1 << 31, .max])
  func userTimeoutOutOfRangeIsRejected(timeout: UInt32) {
    #expect(KeepaliveSettings(idle: 1, interval: 1, count: 1, userTimeout: timeout) == nil)
  }

  @Test func defaultLeavesTheUserTimeoutUnchanged() {
    #expect(KeepaliveSettings.standard.userTimeout == nil)
    let standard = KeepaliveSettings.standard
    #expect(
      KeepaliveSettings(idle: standard.idle, interval: standard.interval, count: standard.count)
        == standard)
  }
}

@Suite struct DescriptorProblemTests {
  private static let descriptor = SocketDescriptor(
    process: ProcessIdentity(pid: 7, startTicks: 1), number: 3)

  private static let all: [DescriptorProblem] = [
    .processGone(pid: 7), .descriptorGone(descriptor), .otherSocket(descriptor),
    .notPermitted(pid: 7), .notSupported, .notConnected, .noEffect(.shutdown),
    .failed(.setOption, .invalidArgument),
  ]

  @Test func messagesAreDistinct() {
    #expect(Set(Self.all.map(\.description)).count == Self.all.count)
  }

  @Test func messagesNameTheMissingCapabilityOrCall() {
    #expect(DescriptorProblem.notPermitted(pid: 7).description.contains("CAP_SYS_PTRACE"))
    #expect(DescriptorProblem.notSupported.description.contains("pidfd_getfd"))
  }

  @Test func anotherDescriptorIsTriedOnlyIfItMaySucceed() {
    #expect(Self.all.filter(\.isSpecificToDescriptor) == Array(Self.all.prefix(4)))
  }
}
