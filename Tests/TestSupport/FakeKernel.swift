package import Netlink

/// A fake kernel that lists, looks up and destroys its sockets, and can be made to fail.
package final class FakeKernel {
  package var sockets: [FakeSocket]
  /// The cookies of the destroyed sockets, in order.
  package private(set) var destroyed: [UInt64] = []
  /// The cookies of every destroy request, granted or not.
  package private(set) var destroyRequests: [UInt64] = []
  /// The cookies of all look-ups.
  package private(set) var lookedUp: [UInt64] = []
  /// The number of datagrams received.
  package private(set) var datagrams = 0
  /// The number of dump requests.
  package private(set) var dumps = 0

  /// Called with the cookie before such a request is answered; can change the sockets.
  package var beforeLookUp: (UInt64) -> Void = { _ in }
  package var beforeDestroy: (UInt64) -> Void = { _ in }
  /// The errno with which a destroy request is refused, by its number from 1; nil to grant it.
  package var refuseDestroy: (Int, UInt64) -> Int32? = { _, _ in nil }
  /// The problem with the answer to a destroy request, after it was carried out.
  package var loseDestroyAnswer: (Int) -> NetlinkProblem? = { _ in nil }
  /// The errno with which a look-up is refused, by its number from 1 and its cookie.
  package var refuseLookUp: (Int, UInt64) -> Int32? = { _, _ in nil }
  /// The problem with a look-up, by its number from 1.
  package var failLookUp: (Int) -> NetlinkProblem? = { _ in nil }
  /// The problem with a dump, by its number from 1.
  package var failDump: (Int) -> NetlinkProblem? = { _ in nil }
  /// The last instruction of filter programs that it knows: 12 for Linux 5, 8 for Linux 3.
  package var newestCode: UInt8 = 12
  /// Whether programs can compare marks, which needs CAP_NET_ADMIN.
  package var mayCompareMarks = true
  /// The dump requests, in order.
  package private(set) var dumpRequests: [RecordedDump] = []
  /// Whether both families can be requested at once.
  package var listsBothFamilies = true
  /// Whether a destroyed socket stays listed.
  package var keepsDestroyed = false

  /// The contents of a dump request.
  package struct RecordedDump: Equatable {
    /// The family; 0 for both.
    package let family: UInt8
    package let states: UInt32
    package let details: UInt8
    /// The filter program; nil without one.
    package let program: [UInt8]?
    /// The number of sockets listed; nil when the dump was refused.
    package var listed: Int?
  }

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

  /// The answers to the messages of a datagram, each in its own datagram, like the kernel.
  private func answer(_ datagram: [UInt8]) -> [Result<[UInt8], NetlinkProblem>] {
    datagrams += 1
    var answers: [Result<[UInt8], NetlinkProblem>] = []
    var rest = datagram[...]
    while rest.count >= 16 {
      let length = Int(Array(rest.prefix(4)).span.uint32(at: 0))
      answers += answer(request: Array(rest.prefix(length)))
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return answers
  }

  private func answer(request: [UInt8]) -> [Result<[UInt8], NetlinkProblem>] {
    let span = request.span
    let (type, flags, sequence) = (span.uint16(at: 4), span.uint16(at: 6), span.uint32(at: 8))
    if type == 18 {
      guard listsBothFamilies else { return [.success(WireBytes.error(-95, sequence: sequence))] }
      let program = request.count > 76 ? Array(request[80...]) : nil
      return dump(
        RecordedDump(
          family: 0, states: span.uint32(at: 68), details: request[19], program: program),
        type: type, sequence: sequence)
    }
    let family = request[16]
    let cookie = span.uint64(at: 16 + 8 + 40)
    if flags & 0x300 == 0x300 {
      let program = request.count > 72 ? Array(request[76...]) : nil
      return dump(
        RecordedDump(
          family: family, states: span.uint32(at: 20), details: request[18], program: program),
        type: type, sequence: sequence)
    }
    return type == 21 ? destroy(cookie, sequence) : lookUp(cookie, sequence)
  }

  private func dump(
    _ asked: RecordedDump, type: UInt16, sequence: UInt32
  ) -> [Result<[UInt8], NetlinkProblem>] {
    dumps += 1
    dumpRequests.append(asked)
    let program = asked.program.map(DiagProgram.init)
    if let errno = program?.refusal(newestCode: newestCode, mayCompareMarks: mayCompareMarks) {
      return [.success(WireBytes.error(-errno, sequence: sequence))]
    }
    let rows = sockets.filter {
      (asked.family == 0 || $0.family == asked.family) && asked.states & 1 << UInt32($0.state) != 0
        && program?.accepts($0.entry) != false
    }
    dumpRequests[dumpRequests.count - 1].listed = rows.count
    var answers: [Result<[UInt8], NetlinkProblem>] = rows.map {
      .success(WireBytes.message(type: type, sequence: sequence, payload: $0.row))
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
    if let errno = refuseLookUp(lookedUp.count, cookie) {
      return [.success(WireBytes.error(-errno, sequence: sequence))]
    }
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
