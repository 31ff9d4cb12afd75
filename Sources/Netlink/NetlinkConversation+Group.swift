import CLinuxDiag

extension NetlinkConversation {
  /// Sends several requests in one datagram and returns the answer to each.
  ///
  /// The kernel answers the requests in order, each with a datagram of its own.
  ///
  /// - Parameter payloads: the payloads of the requests, each answered by one message.
  /// - Returns: for each request, the value from `read`, or the kernel's refusal of that request.
  /// - Throws: when an answer is missing or unexpected. Then no answer is usable, and the
  ///   conversation is out of step with the kernel.
  public mutating func lookUpEach<Answer>(
    type: UInt16, payloads: [[UInt8]],
    read: (Span<UInt8>, Range<Int>) throws(NetlinkProblem) -> Answer
  ) throws(NetlinkProblem) -> [Result<Answer, NetlinkProblem>] {
    guard !payloads.isEmpty else { return [] }
    let last = sequence
    try transport.send(request(type: type, payloads: payloads))
    var answers: [Result<Answer, NetlinkProblem>] = []
    answers.reserveCapacity(payloads.count)
    while answers.count < payloads.count {
      let count = try receive()
      let datagram = buffer.span.extracting(first: count)
      var offset = 0
      while offset < count {
        let message = try NetlinkMessage.read(from: datagram, at: &offset)
        let expected = last &+ UInt32(answers.count + 1)
        guard message.sequence == expected, answers.count < payloads.count else {
          throw .wrongSequence(expected: expected, received: message.sequence)
        }
        answers.append(try Self.answer(message, in: datagram, read))
      }
    }
    return answers
  }

  /// A datagram with one request for each of `payloads`, numbered in order.
  private mutating func request(type: UInt16, payloads: [[UInt8]]) -> [UInt8] {
    var datagram: [UInt8] = []
    datagram.reserveCapacity(
      payloads.reduce(0) {
        $0 + NetlinkMessage.aligned(NetlinkMessage.headerLength + $1.count)
      })
    for payload in payloads {
      sequence &+= 1
      NetlinkMessage.appendRequest(
        type: type, flags: UInt16(NLM_F_REQUEST), sequence: sequence, payload: payload,
        to: &datagram)
    }
    return datagram
  }

  private static func answer<Answer>(
    _ message: NetlinkMessage, in datagram: Span<UInt8>,
    _ read: (Span<UInt8>, Range<Int>) throws(NetlinkProblem) -> Answer
  ) throws(NetlinkProblem) -> Result<Answer, NetlinkProblem> {
    guard Int32(message.type) == NLMSG_ERROR else {
      return .success(try read(datagram, message.payload))
    }
    do {
      try checkErrno(in: datagram, message.payload, isRequired: true)
    } catch {
      guard case .refused = error else { throw error }
      return .failure(error)
    }
    throw .unfinished
  }
}
