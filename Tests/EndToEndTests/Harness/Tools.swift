import FoundationEssentials
import Glibc

/// The programs that the tests run.
enum Tools {
  /// connreap: the file that `CONNREAP_BINARY` names, or the one beside the test bundle.
  static let connreap: String =
    environment("CONNREAP_BINARY") ?? directoryOfTests + "/connreap"

  /// ``connreap`` as a word for a shell. The checkout may be in a path with spaces.
  static let connreapWord = quoted(connreap)

  /// `text` as one word for a shell.
  static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }

  /// Python, preferably the system's: the wrapper of a version manager would fork.
  static let python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3"

  /// The program that a ``Peer`` runs.
  static let peer = fixture("peer.py")

  /// The path of a fixture.
  static func fixture(_ name: String) -> String {
    "\(directoryOfTests)/connreap_EndToEndTests.resources/Fixtures/\(name)"
  }

  /// Whether the kernel lists sockets that are only bound to a port (Linux 6.8 and later).
  static let kernelListsBoundSockets: Bool = {
    let release = (try? Command.run(["uname", "-r"]).text) ?? ""
    let numbers = release.split(separator: ".").prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 8)
  }()

  /// Whether a command runs and succeeds.
  static func has(_ arguments: String...) -> Bool {
    (try? Command.run(arguments).status) == 0
  }

  private static let directoryOfTests: String = {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(
      decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
  }()

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// A directory with mode 0700, as policies require. `deinit` removes it.
final class TemporaryDirectory {
  /// The path.
  let path: String

  /// Creates the directory in `/tmp`.
  init() throws {
    var template = Array("/tmp/connreap-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw HarnessProblem.systemCall("mkdtemp", errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, by default accessible only to its owner.
  ///
  /// - Returns: the path of the file.
  func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
    let file = "\(path)/\(name)"
    // A program started meanwhile would inherit the descriptor. A file that is open for writing
    // cannot be executed (ETXTBSY).
    try Spawn.alone { try Data(text.utf8).write(to: URL(filePath: file)) }
    guard chmod(file, mode) == 0 else { throw HarnessProblem.systemCall("chmod", errno) }
    return file
  }
}
