import ArgumentParser
import DescriptorActions
import Reaping
import Testing

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The method options of `kill`.
@Suite struct MethodOptionsTests {
  private func chosen(_ words: String...) throws -> ClosingMethod? {
    try MethodOptions.parse(words).chosen()
  }

  private func failure(_ words: String...) throws -> CommandFailure? {
    let options = try MethodOptions.parse(words)
    do throws(CommandFailure) {
      _ = try options.chosen()
      return nil
    } catch {
      return error
    }
  }

  @Test func withoutTheOptionThereIsNoMethod() throws {
    #expect(try chosen() == nil)
  }

  @Test(arguments: ClosingMethod.names)
  func everyMethodIsAccepted(name: String) throws {
    #expect(try chosen("--method", name) == ClosingMethod(name: name))
  }

  @Test func anUnknownMethodIsRejectedWithAList() throws {
    let failure = try #require(try failure("--method", "kick\u{1b}"))
    #expect(failure.status == .usage)
    #expect(!failure.text.contains("\u{1b}"))
    #expect(failure.text.contains("destroy, shutdown, abort, keepalive"))
  }

  @Test func keepaliveTimesHaveUnits() throws {
    #expect(
      try chosen(
        "--method", "keepalive", "--keepalive-idle", "2m", "--keepalive-interval", "5s",
        "--keepalive-count", "3", "--user-timeout", "1500ms")
        == KeepaliveSettings(idle: 120, interval: 5, count: 3, userTimeout: 1500)
        .map(ClosingMethod.keepalive))
  }

  @Test func missingSettingsHaveDefaults() throws {
    let standard = KeepaliveSettings.standard
    #expect(
      try chosen("--method", "keepalive", "--keepalive-count", "9")
        == KeepaliveSettings(idle: standard.idle, interval: standard.interval, count: 9)
        .map(ClosingMethod.keepalive))
  }

  @Test(arguments: [nil, "destroy", "shutdown", "abort"])
  func keepaliveSettingsRequireKeepalive(method: String?) throws {
    let words = method.map { ["--method", $0] } ?? []
    let options = try MethodOptions.parse(words + ["--keepalive-idle", "1m"])
    #expect(throws: CommandFailure.self) { try options.chosen() }
  }

  @Test(arguments: [
    ("--keepalive-idle", "60"), ("--keepalive-idle", "1500ms"), ("--keepalive-idle", "0s"),
    ("--keepalive-idle", "10h"), ("--keepalive-interval", "32768s"), ("--keepalive-count", "0"),
    ("--keepalive-count", "128"), ("--user-timeout", "0s"), ("--user-timeout", "25d"),
    ("--user-timeout", "1x"),
  ])
  func valuesOutsideTheKernelsRangeAreRejected(option: String, value: String) throws {
    let failure = try #require(try failure("--method", "keepalive", option, value))
    #expect(failure.status == .usage)
    #expect(failure.text.contains(option))
  }
}

@Suite struct DescriptorReachTests {
  private func check(
    refused: Int, capability: Bool?, scope: Int? = nil
  ) -> Check {
    DescriptorReach(reached: 2, refused: refused).check(
      holdsCapability: capability, ptraceScope: scope)
  }

  @Test func reachingEveryProcessIsOK() {
    #expect(check(refused: 0, capability: true).severity == .well)
    #expect(check(refused: 0, capability: false).severity == .well, "access was tried")
  }

  @Test func theMissingCapabilityIsNamed() {
    let check = check(refused: 3, capability: false)
    #expect(check.severity == .warning)
    #expect(check.detail.contains("3 of 5 processes"))
    #expect(check.detail.contains("CAP_SYS_PTRACE missing"))
    #expect(!check.detail.contains("yama"))
  }

  @Test func yamaIsNamedIfItIsTheReason() {
    #expect(check(refused: 1, capability: false, scope: 1).detail.contains("your own"))
    #expect(
      check(refused: 1, capability: true, scope: 3).detail.contains("forbids it to everyone"))
    #expect(!check(refused: 1, capability: true, scope: 1).detail.contains("yama"))
  }

  @Test func anOldKernelIsReported() {
    let check = DescriptorReach().check(kernelProblem: "\(DescriptorProblem.notSupported)")
    #expect(check.severity == .warning)
    #expect(check.detail.contains("pidfd_getfd"))
    #expect(check.detail.contains("--method destroy"))
  }
}
