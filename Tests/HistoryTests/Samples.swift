import Connections
import Glibc
import History
import StateFiles
import SystemPackage

let day: UInt64 = 86_400_000

/// A test's directory, deleted at the end of this value's lifetime.
final class TemporaryDirectory {
  let path: FilePath

  init() throws {
    var template = Array("/tmp/connreap-history-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    path = FilePath(
      String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  deinit {
    for name in names { unlink(path.appending(name).string) }
    rmdir(path.string)
  }

  var names: [String] {
    guard let stream = opendir(path.string) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func open() throws -> StateDirectory { try StateDirectory(opening: path) }

  func database(now: Int = 1) throws -> HistoryDatabase {
    try HistoryDatabase(openingOrCreatingIn: try open(), now: now)
  }

  var file: FilePath { path.appending(HistoryDatabase.fileName) }

  func write(_ bytes: [UInt8], to name: String = HistoryDatabase.fileName) throws {
    let file = try FileDescriptor.open(
      path.appending(name), .writeOnly, options: [.create, .truncate],
      permissions: .ownerReadWrite)
    _ = try file.closeAfter { try file.writeAll(bytes) }
  }

  func read(_ name: String = HistoryDatabase.fileName) throws -> [UInt8] {
    let file = try FileDescriptor.open(path.appending(name), .readOnly)
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return Array(bytes[..<count])
    }
  }
}

let place = MemoryScope(boot: "b0071d", networkNamespace: 4_026_531_833)

func cookie(_ number: UInt64) -> SocketCookie {
  guard let cookie = SocketCookie(rawValue: number) else { fatalError("no cookie") }
  return cookie
}

func remembered(
  _ number: UInt64, family: AddressFamily = .ipv4, local: String = "10.0.0.5",
  peer: String = "10.0.0.9", state: TCPState = .closeWait, idleSince: UInt64? = 500,
  bytes: UInt64? = 7
) -> RememberedConnection {
  guard let local = IPAddress(text: local), let peer = IPAddress(text: peer) else {
    fatalError("no address")
  }
  return RememberedConnection(
    identity: SocketIdentity(
      local: Endpoint(address: IPAddress(bits: local.bits, family: family), port: 8080),
      peer: Endpoint(address: IPAddress(bits: peer.bits, family: family), port: 50_000),
      family: family, interface: 3, cookie: cookie(number)),
    state: state, firstSeen: 1000, stateSince: 900, idleSince: idleSince, lastSeen: 2000,
    bytesAcknowledged: bytes, bytesReceived: bytes)
}

/// A memory of connections with these cookies, each flagged twice by the policy `leak`.
func memory(_ numbers: UInt64...) -> RunMemory {
  var memory = RunMemory()
  for number in numbers {
    memory.connections[cookie(number)] = remembered(number)
    memory.flags[FlagKey(policy: "leak", cookie: cookie(number))] =
      RememberedFlag(rules: .max - 1, runs: 2, missed: 1, isArmed: true)
  }
  memory.groups[RememberedGroupKey(policy: "leak", group: "process 1744 88")] =
    RememberedGroup(
      rules: 1 << 63, rounds: 3, quiet: 1, firstRound: 100, firstCount: 5, closed: 44,
      isNotified: true)
  return memory
}
