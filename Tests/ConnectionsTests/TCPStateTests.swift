import Connections
import TestSupport
import Testing

@Suite("TCP states and their names")
struct TCPStateTests {
  @Test("The numbers are the kernel's (include/net/tcp_states.h)")
  func numbers() {
    let numbered: [(TCPState, UInt8)] = [
      (.established, 1), (.synSent, 2), (.synReceived, 3), (.finWait1, 4), (.finWait2, 5),
      (.timeWait, 6), (.closed, 7), (.closeWait, 8), (.lastAck, 9), (.listen, 10), (.closing, 11),
      (.newSynReceived, 12), (.boundInactive, 13),
    ]
    #expect(numbered.map(\.0) == TCPState.allCases)
    for (state, number) in numbered {
      #expect(state.rawValue == number)
      #expect(state.asSet.rawValue == 1 << UInt32(number))
    }
  }

  @Test("Names and labels match ss")
  func names() {
    #expect(
      TCPState.allCases.map(\.name) == [
        "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "closed",
        "close-wait", "last-ack", "listen", "closing", "syn-recv", "bound-inactive",
      ])
    #expect(
      TCPState.allCases.map(\.label) == [
        "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN",
        "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECV", "BOUND",
      ])
  }

  @Test("Groups match ss")
  func groups() {
    #expect(TCPStateSet.all.states == TCPState.allCases.filter { $0.rawValue <= 11 })
    #expect(TCPStateSet.bucket.states == [.synReceived, .timeWait])
    #expect(TCPStateSet.all.subtracting(.connected).states == [.closed, .listen])
    #expect(TCPStateSet.connected.subtracting(.synchronized).states == [.synSent])
    #expect(TCPStateSet.big.union(.bucket) == .all)
    #expect(TCPStateSet.big.isDisjoint(with: .bucket))
    #expect(
      TCPStateSet.shownByDefault.states == [
        .established, .synSent, .finWait1, .finWait2, .closeWait, .lastAck, .closing,
      ])
  }

  @Test("All synchronized states except the minisockets can have figures")
  func synchronized() {
    for state in TCPState.allCases {
      let expected = TCPStateSet.synchronized.subtracting(.bucket).contains(state)
      #expect(state.isSynchronized == expected, "\(state)")
    }
  }

  @Test("Words are unique and valid, and every state's name is one")
  func words() {
    let words = TCPStateSet.words
    #expect(Set(words).count == words.count)
    for word in words { #expect(TCPStateSet(word: word) != nil, "\(word)") }
    for state in TCPState.allCases where state != .newSynReceived {
      #expect(TCPStateSet(word: state.name)?.states == [state])
      #expect(words.contains(state.name))
    }
  }

  @Test(
    "RFC, kernel and other spellings are accepted",
    arguments: [
      ("ESTAB", TCPState.established), ("ESTABLISHED", .established),
      ("tcp_close_wait", .closeWait),
      ("TCP_CLOSE", .closed), ("CLOSED", .closed), ("UNCONN", .closed),
      ("SYN-RECEIVED", .synReceived),
      ("SYN_RECV", .synReceived), ("TCP_NEW_SYN_RECV", .synReceived), ("FIN_WAIT1", .finWait1),
      ("TCP_FIN_WAIT2", .finWait2), ("FIN-WAIT-1", .finWait1), ("Time_Wait", .timeWait),
      ("LAST_ACK", .lastAck), ("listening", .listen), ("closewait", .closeWait),
      ("TCP_BOUND_INACTIVE", .boundInactive),
    ])
  func spellings(word: String, state: TCPState) {
    #expect(TCPStateSet(word: word)?.states == [state])
  }

  @Test(
    "Groups have names",
    arguments: [
      ("all", TCPStateSet.all), ("connected", .connected), ("SYNCHRONIZED", .synchronized),
      ("bucket", .bucket), ("big", .big),
    ])
  func groupWords(word: String, set: TCPStateSet) {
    #expect(TCPStateSet(word: word) == set)
  }

  @Test("Other words are rejected", arguments: ["", "-", "tcp-", "establish", "close wait", "8"])
  func noWords(word: String) {
    #expect(TCPStateSet(word: word) == nil)
  }

  @Test("A set returns the states it was created from")
  func roundTrip() {
    var generator = Seeded(1)
    for _ in 0..<500 {
      let states = TCPState.allCases.filter { _ in Bool.random(using: &generator) }
      let set = TCPStateSet(states)
      #expect(set.states == states)
      for state in TCPState.allCases { #expect(set.contains(state) == states.contains(state)) }
    }
  }
}
