import Testing

/// Every state that a connection can be found in, as the kernel makes it and as the list shows it.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListStateTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test func bothEndsOfALoopbackConnectionAreRows() throws {
    let pair = try namespace.pair(port: 8080)
    let near = try #require(try namespace.row(of: pair.client))
    let far = try #require(try namespace.row(of: pair.server))
    #expect(near.state == "established")
    #expect(far.state == "established")
    #expect(near.family == "ipv4")
    #expect(near.local.address == "127.0.0.1")
    #expect(near.local.port == pair.client.port)
    #expect(near.peer.port == 8080)
    #expect(far.local.port == near.peer.port)
    #expect(far.peer.port == near.local.port)
    #expect(far.netns != nil && far.netns == near.netns)
  }

  @Test func theEndOfAnIPv6ConnectionIsFound() throws {
    let pair = try namespace.pair(port: 8080, address: "::1")
    let row = try #require(try namespace.row(of: pair.server))
    #expect(row.family == "ipv6")
    #expect(row.local.address == "::1")
    #expect(row.state == "established")
  }

  @Test func aMappedAddressIsFoundByThePlainOne() throws {
    let listener = try namespace.server.listen("dual", on: "::", port: 8080, mapped: true)
    let pair = try namespace.pair(to: listener, address: "127.0.0.1", as: "mapped")
    let cookies = try namespace.rows("--host", "127.0.0.1").map(\.cookie)
    #expect(Set(cookies) == [pair.client.cookie, pair.server.cookie])
    #expect(try namespace.rows("--peer", "127.0.0.0/8").count == 2)
    #expect(try namespace.rows("--host", "127.0.0.2").isEmpty)
  }

  @Test func closeWaitAndFinWait2AreTheTwoEndsOfAHalfClosedConnection() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.finish()
    #expect(try namespace.row(of: pair.server)?.state == "close-wait")
    #expect(try namespace.row(of: pair.client)?.state == "fin-wait-2")
    #expect(try namespace.rows("--state", "close-wait").map(\.cookie) == [pair.server.cookie])
    #expect(try namespace.rows("--state", "fin-wait-2").map(\.cookie) == [pair.client.cookie])
  }

  @Test func anOrphanIsCalledOne() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.close()
    let rows = try namespace.rows("--state", "fin-wait-2", "--peer-port", "8080")
    let orphan = try #require(rows.first)
    #expect(rows.count == 1)
    #expect(orphan.owners ?? [] == [])
    #expect(orphan.note?.contains("orphan") == true)
    #expect(orphan.uid == nil, "a uid of 0 would be the kernel's want of an answer, not root")
  }

  @Test func listenersAreShownOnlyWhenAskedFor() throws {
    let listener = try namespace.server.listen("only", port: 8080, backlog: 7)
    #expect(try namespace.rows().isEmpty)
    let rows = try namespace.rows("--state", "listen")
    #expect(rows.map(\.cookie) == [listener.cookie])
    #expect(rows.first?.state == "listen")
    #expect(rows.first?.sendQueue == 7)
    #expect(rows.first?.idle == nil)
    #expect(try namespace.rows("--state", "all").map(\.cookie).contains(listener.cookie))
  }

  @Test func whatNobodyHasAcceptedBelongsToItsListener() throws {
    _ = try namespace.server.listen("slow", port: 8080)
    let client = try namespace.server.connect("client", port: 8080)
    let rows = try namespace.rows("--local-port", "8080")
    let waiting = try #require(rows.first)
    #expect(rows.count == 1)
    #expect(waiting.peer.port == client.port)
    #expect(waiting.note?.contains("in accept queue of :8080") == true)
    #expect(waiting.note?.contains("orphan") == false)
    #expect((waiting.owners ?? []).allSatisfy { $0.fds ?? [] == [] }, "it has no descriptor yet")
    #expect(waiting.uid == nil)
  }

  @Test func aConnectThatNobodyAnswersHasNoIdleTime() throws {
    _ = try namespace.server.listen("full", port: 8080, backlog: 0)
    _ = try namespace.server.connect("queued", port: 8080)
    let client = try namespace.server.connect("waiting", port: 8080, waiting: false)
    let row = try #require(try namespace.row(of: client))
    #expect(row.state == "syn-sent")
    #expect(row.idle == nil)
    #expect(try namespace.rows("--idle", "1ms", "--state", "syn-sent").isEmpty)
  }

  @Test func timeWaitIsShownOnlyWhenAskedForAndHasNoOwner() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.close()
    try pair.server.close()
    #expect(try namespace.rows().isEmpty)
    let rows = try namespace.rows("--state", "time-wait")
    #expect(rows.count == 1)
    #expect(rows.first?.local.port == pair.client.port)
    #expect(rows.first?.idle == nil)
    #expect(rows.first?.owners ?? [] == [])
    #expect(rows.first?.uid == nil)
  }

  @Test func statesAreRepeatedOrCommaSeparatedAndGroupsAreKnown() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.finish()
    _ = try namespace.pair(port: 8081)
    let half = Set([pair.client.cookie, pair.server.cookie])
    let list = try namespace.rows("--state", "close-wait,fin-wait-2")
    let repeated = try namespace.rows("--state", "close-wait", "--state", "fin-wait-2")
    #expect(Set(list.map(\.cookie)) == half)
    #expect(Set(repeated.map(\.cookie)) == half)
    #expect(try namespace.rows("--state", "connected").count == 4)
    #expect(try namespace.rows("--state", "synchronized").count == 4)
    #expect(try namespace.rows("--state", "all").count == 6)
    #expect(try namespace.rows("--state", "bucket").isEmpty)
  }
}
