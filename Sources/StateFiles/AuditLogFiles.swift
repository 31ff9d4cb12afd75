internal import Glibc
public import SystemPackage

/// An audit log that was found. It stays the same file even if its name is reused.
public final class AuditLogFile {
  /// Where it was found.
  public let path: FilePath

  let found: OpenFile
  fileprivate let facts: Stat

  /// Finds the log at `path`; nil if it does not exist.
  ///
  /// - Throws: ``AuditLogProblem`` for a link, a FIFO or a device.
  public init?(_ path: FilePath) throws(AuditLogProblem) {
    do throws(Errno) {
      let found = try OpenFile(path, flags: OpenFile.pathOnly | O_NOFOLLOW)
      facts = try found.facts()
      self.found = found
      self.path = path
    } catch {
      guard error != .noSuchFileOrDirectory, error != .notDirectory else { return nil }
      throw AuditLogProblem(path: path, errno: error, isReading: true)
    }
    let errno: Errno
    switch facts.type {
    case .regular: return
    case .symbolicLink: errno = .tooManySymbolicLinkLevels
    default: errno = .invalidArgument
    }
    throw AuditLogProblem(path: path, errno: errno, isReading: true)
  }

  fileprivate func isSame(as other: AuditLogFile) -> Bool {
    facts.inode == other.facts.inode && facts.deviceID == other.facts.deviceID
  }

  /// The time of the first entry as text that sorts by time; nil if the first lines contain no
  /// entry.
  fileprivate var firstTime: String? {
    guard var reader = try? AuditLogReader(self) else { return nil }
    let start = Array(#"{"time":""#.utf8)
    for _ in 0..<100 {
      guard case .whole(let line)? = try? reader.next() else { continue }
      let time = line.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") }
      if line.starts(with: start), time.count < 40 { return String(decoding: time, as: UTF8.self) }
    }
    return nil
  }
}

/// The audit logs in a state directory: the current one, and those rotated by logrotate(8) under
/// any naming scheme.
public struct AuditLogFiles {
  /// The rotated logs, oldest first by the time of their first entry.
  public let rotated: [AuditLogFile]
  /// The log that connreap writes; nil if there is none.
  public let current: AuditLogFile?
  /// The logs that are skipped, because a program other than gzip(1) compressed them.
  public let unreadable: [FilePath]

  /// All readable logs, oldest first.
  public var all: [AuditLogFile] { rotated + (current.map { [$0] } ?? []) }

  /// Finds the logs in `stateDirectory`.
  public init(in stateDirectory: FilePath) throws(AuditLogProblem) {
    // First, so that a log that is being rotated is found under one of its two names.
    let current = try AuditLogFile(stateDirectory.appending(AuditLog.fileName))
    var rotated: [(file: AuditLogFile, time: String, age: [Int])] = []
    var unreadable: [FilePath] = []
    let names = try Self.names(in: stateDirectory)
    for name in names.sorted() {
      guard let kind = RotatedName(name) else { continue }
      let path = stateDirectory.appending(name)
      // While logrotate compresses a log, both files exist, and only the old one is complete.
      if kind.isGzip, names.contains(String(name.dropLast(3))) { continue }
      guard kind.canBeRead else {
        unreadable.append(path)
        continue
      }
      var found = try AuditLogFile(path)
      // logrotate may have compressed it since the names were read.
      if found == nil { found = try AuditLogFile(stateDirectory.appending(name + ".gz")) }
      guard let file = found, current.map({ !file.isSame(as: $0) }) ?? true,
        !rotated.contains(where: { $0.file.isSame(as: file) })
      else { continue }
      rotated.append((file, file.firstTime ?? "", kind.order))
    }
    self.rotated = rotated.sorted { lhs, rhs in
      lhs.time != rhs.time
        ? lhs.time < rhs.time : lhs.age.lexicographicallyPrecedes(rhs.age)
    }.map(\.file)
    self.current = current
    self.unreadable = unreadable
  }

  /// The maximum number of names to read from a state directory.
  private static let maximumNames = 100_000

  private static func names(in stateDirectory: FilePath) throws(AuditLogProblem) -> Set<String> {
    do throws(Errno) {
      let directory = try OpenFile(stateDirectory, flags: OpenFile.pathOnly | O_DIRECTORY)
      return Set(try DirectoryNames.first(maximumNames, in: directory.descriptor))
    } catch .noSuchFileOrDirectory {
      return []
    } catch .notDirectory {
      return []
    } catch {
      throw AuditLogProblem(
        path: stateDirectory.appending(AuditLog.fileName), errno: error, isReading: true)
    }
  }
}

/// A name that logrotate(8) gives to a log: a number, a date (`dateext`, `dateformat`) or both, and
/// the suffix of a compression program.
struct RotatedName: Equatable {
  let isGzip: Bool
  /// Whether it was compressed by gzip, or not at all.
  let canBeRead: Bool
  /// The numbers in the name, for sorting. A greater date is later. A rotation count is negated,
  /// because a greater one is earlier.
  let order: [Int]

  private static let otherSuffixes = [".xz", ".bz2", ".zst", ".lz4", ".lzma", ".Z"]

  /// Parses `name`; nil if it is not the name of a rotated audit log.
  init?(_ name: String) {
    guard name.hasPrefix(AuditLog.fileName) else { return nil }
    var rest = name.dropFirst(AuditLog.fileName.count)
    isGzip = rest.hasSuffix(".gz")
    let other = Self.otherSuffixes.first { rest.hasSuffix($0) }
    canBeRead = other == nil
    rest = rest.dropLast(isGzip ? 3 : other?.count ?? 0)
    // logrotate gives this suffix to a file that is in its way.
    if rest.hasSuffix(".backup") { rest = rest.dropLast(7) }
    guard let first = rest.first, ".-_".contains(first), rest.contains(where: \.isNumber),
      rest.utf8.allSatisfy({ (0x30...0x39).contains($0) || ".-_T:+Z".utf8.contains($0) })
    else { return nil }
    let numbers = rest.split { !$0.isNumber }.map { Int($0) ?? .max }
    order = numbers.count == 1 && numbers[0] < 1000 ? [-numbers[0]] : numbers
  }
}
