package import Netlink

/// A pretended kernel: it has sockets, lists them, looks them up by cookie and destroys them, and
/// can be made to fail at any of it.
package final class FakeKernel {
  package var sockets: [FakeSocket]
  /// The cookies of the sockets that were destroyed, in order.
  package private(set) var destroyed: [UInt64] = []
  /// The cookies of every destroy request, granted or not.
  package private(set) var destroyRequests: [UInt64] = []
  /// Every cookie that was looked up.
  package private(set) var lookedUp: [UInt64] = []
  /// How many dumps were asked for.
  package private(set) var dumps = 0

  /// Called before a request of the kind is answered, with the cookie: it may change the sockets.
  package var beforeLookUp: (UInt64) -> Void = { _ in }
  package var beforeDestroy: (UInt64) -> Void = { _ in }
  /// The errno with which a destroy request is refused, by its number from 1; nil to grant it.
  package var refuseDestroy: (Int, UInt64) -> Int32? = { _, _ in nil }
  /// What goes wrong with the answer to a destroy request, after it was carried out.
  package var loseDestroyAnswer: (Int) -> NetlinkProblem? = { _ in nil }
  /// What goes wrong with a look-up, by its number from 1.
  package var failLookUp: (Int) -> NetlinkProblem? = { _ in nil }
  /// What goes wrong with a dump, by its number from 1.
  package var failDump: (Int) -> NetlinkProblem? = { _ in nil }
  /// Whether a destroyed socket stays listed.
  package var keepsDestroyed = false

  package init(_ sockets: [FakeSocket]) {
    self.sockets = sockets
  }

  package func open() -> any NetlinkTransport { Connection(self) }

  private final class Connection: NetlinkTransport {
    private let kernel: FakeKernel
    private var answers: [Result<[UInt8], NetlinkProblem>] = []

    init(_ kernel: FakeKernel) {
      self.kernel = kernel
    }

    func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
      answers += kernel.answer(datagram)
    }

    func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
      guard !answers.isEmpty else { throw .unfinished }
      let bytes = try answers.removeFirst().get()
      buffer.replaceSubrange(..<bytes.count, with: bytes)
      return ReceivedDatagram(count: bytes.count)
    }
  }

  private func answer(_ request: [UInt8]) -> [Result<[UInt8], NetlinkProblem>] {
    let span = request.span
    let (type, flags, sequence) = (span.uint16(at: 4), span.uint16(at: 6), span.uint32(at: 8))
    let family = request[16]
    let cookie = span.uint64(at: 16 + 8 + 40)
    if flags & 0x300 == 0x300 {
      return dump(family: family, states: span.uint32(at: 20), sequence: sequence)
    }
    return type == 21 ? destroy(cookie, sequence) : lookUp(cookie, sequence)
  }

  private func dump(
    family: UInt8, states: UInt32, sequence: UInt32
  ) -> [Result<[UInt8], NetlinkProblem>] {
    dumps += 1
    let rows = sockets.filter { $0.family == family && states & 1 << UInt32($0.state) != 0 }
    var answers: [Result<[UInt8], NetlinkProblem>] = rows.map {
      .success(WireBytes.message(type: 20, sequence: sequence, payload: $0.row))
    }
    if let problem = failDump(dumps) {
      answers.append(.failure(problem))
    } else {
      answers.append(.success(WireBytes.done(sequence: sequence)))
    }
    return answers
  }

  private func lookUp(_ cookie: UInt64, _ sequence: UInt32) -> [Result<[UInt8], NetlinkProblem>] {
    lookedUp.append(cookie)
    if let problem = failLookUp(lookedUp.count) { return [.failure(problem)] }
    beforeLookUp(cookie)
    guard let socket = sockets.first(where: { $0.cookie == cookie }) else {
      return [.success(WireBytes.error(-2, sequence: sequence))]
    }
    return [.success(WireBytes.message(type: 20, sequence: sequence, payload: socket.row))]
  }

  private func destroy(_ cookie: UInt64, _ sequence: UInt32) -> [Result<[UInt8], NetlinkProblem>] {
    destroyRequests.append(cookie)
    beforeDestroy(cookie)
    if let errno = refuseDestroy(destroyRequests.count, cookie) {
      return [.success(WireBytes.error(-errno, sequence: sequence))]
    }
    guard let index = sockets.firstIndex(where: { $0.cookie == cookie }) else {
      return [.success(WireBytes.error(-2, sequence: sequence))]
    }
    destroyed.append(cookie)
    if !keepsDestroyed { sockets.remove(at: index) }
    if let problem = loseDestroyAnswer(destroyRequests.count) { return [.failure(problem)] }
    return [.success(WireBytes.error(0, sequence: sequence))]
  }
}
