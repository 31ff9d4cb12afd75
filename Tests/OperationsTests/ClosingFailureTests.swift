import Connections
import DescriptorActions
import PresentationTestSupport
import Reaping
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// The exit code of a closing run.
@Suite struct ClosingFailureTests {
  private func failure(_ results: Outcome.Result...) -> CommandFailure? {
    do throws(CommandFailure) {
      try ClosingFailure.check(results.map { sampleOutcome($0) })
      return nil
    } catch {
      return error
    }
  }

  private let refused = Outcome.Result.failed(.descriptor(.notPermitted(pid: 7)))

  @Test func closedGoneAndSparedConnectionsAreNoFailure() {
    #expect(failure() == nil)
    #expect(failure(.closed, .gone, .spared(.listener), .spared(.noDescriptor)) == nil)
  }

  @Test func aKernelThatCannotDestroyIsUnavailableAndShutdownIsSuggested() {
    let failure = failure(.failed(.notSupported), .failed(.notSupported))
    #expect(failure?.status == .unavailable)
    #expect(failure?.remedy?.contains("--method shutdown") == true)
  }

  @Test func aMissingPermissionNamesItsCapability() {
    #expect(failure(.failed(.notPermitted))?.status == .permission)
    #expect(failure(.failed(.notPermitted))?.remedy?.contains("CAP_NET_ADMIN") == true)
    #expect(failure(refused, refused)?.status == .permission)
    #expect(failure(refused)?.remedy?.contains("CAP_SYS_PTRACE") == true)
  }

  @Test func aKernelWithoutPidfdGetfdIsUnavailable() {
    let failure = failure(.failed(.descriptor(.notSupported)))
    #expect(failure?.status == .unavailable)
    #expect(failure?.message?.contains("pidfd_getfd") == true)
  }

  @Test func partialOrMixedFailuresAreGeneral() {
    #expect(failure(.closed, refused) == .silent(.failed))
    #expect(failure(refused, .failed(.notPermitted)) == .silent(.failed))
    #expect(failure(refused, .unverified(.stillListed(.established))) == .silent(.failed))
    #expect(failure(.closed, .failed(.notSupported)) == .silent(.failed))
  }
}
