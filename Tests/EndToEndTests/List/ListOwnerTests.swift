import Testing

/// Who holds a connection.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListOwnerTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test func anEndIsTheProcessThatHoldsIt() throws {
    let other = try namespace.anotherPeer()
    try namespace.server.rename("my server")
    try other.rename("client")
    let pair = try namespace.pair(port: 8080, client: other)
    for (socket, name) in [(pair.client, "client"), (pair.server, "my server")] {
      let row = try #require(try namespace.row(of: socket))
      let owner = try #require(row.owners?.first)
      #expect(row.owners?.count == 1)
      #expect(row.inode == socket.inode)
      #expect(owner.pid == socket.pid)
      #expect(owner.name == name)
      #expect(owner.fds == [socket.fd])
      #expect(owner.executable?.contains("python3") == true)
      #expect(row.note == nil)
    }
  }

  @Test func everyProcessThatSharesASocketIsNamed() throws {
    let pair = try namespace.pair(port: 8080)
    let children = try (0..<3).map { _ in try namespace.server.fork(sharing: [pair.server]) }
    let owners = try #require(try namespace.row(of: pair.server)?.owners)
    #expect(Set(owners.map(\.pid)) == Set(children.compactMap { $0 } + [pair.server.pid]))
    let alone = try #require(try namespace.row(of: pair.client)?.owners)
    #expect(alone.map(\.pid) == [pair.client.pid])
  }

  @Test func aSocketThatOnlyAChildStillHoldsIsTheChilds() throws {
    let pair = try namespace.pair(port: 8080)
    let child = try namespace.server.fork(sharing: [pair.server])
    try pair.server.close()
    let owners = try namespace.row(of: pair.server)?.owners
    #expect(owners?.map(\.pid) == [child].compactMap { $0 })
  }

  @Test func withoutTheRightToLookAnOwnerIsUnknownAndNeverAnOrphan() throws {
    let pair = try namespace.pair(port: 8080)
    // Root without the one capability: the peer holds more than it, so the kernel refuses.
    let blind = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--"]
    let ended = try namespace.connreap(["list", "-o", "json"], behind: blind)
    let rows = try Listing(ended).connections
    let row = try #require(rows.first { $0.cookie == pair.server.cookie })
    #expect(row.ownersComplete == false)
    #expect(row.note == "owner unknown")
    #expect(ended.errorText.contains("CAP_SYS_PTRACE"))
  }
}
