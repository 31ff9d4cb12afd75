internal import Glibc
public import SystemPackage

/// An audit log that was found, whatever has its name when it is read.
public final class AuditLogFile {
  /// Where it was found.
  public let path: FilePath

  let found: OpenFile
  fileprivate let facts: Stat

  /// Finds the log at `path`; nil when nothing is there.
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

  /// The text of the time of the first entry, in which later is greater; nil when there is none
  /// among the first lines.
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

/// The audit logs in a state directory: the current one, and those that logrotate(8) has put aside,
/// by whatever scheme.
public struct AuditLogFiles {
  /// Those that were put aside, the oldest first, by the time of their first entry.
  public let rotated: [AuditLogFile]
  /// The one that is written to; nil when there is none.
  public let current: AuditLogFile?
  /// Those that a program other than gzip(1) has compressed: they are not read.
  public let unreadable: [FilePath]

  /// All of them in their order.
  public var all: [AuditLogFile] { rotated + (current.map { [$0] } ?? []) }

  /// Finds the logs in `folder`.
  public init(in folder: FilePath) throws(AuditLogProblem) {
    // First, so that a log that is being put aside is found under the one name or the other.
    let current = try AuditLogFile(folder.appending(AuditLog.fileName))
    var rotated: [(file: AuditLogFile, time: String, age: [Int])] = []
    var unreadable: [FilePath] = []
    let names = try Self.names(in: folder)
    for name in names.sorted() {
      guard let kind = RotatedName(name) else { continue }
      let path = folder.appending(name)
      // While logrotate compresses a log, both are there, and only the old one is whole.
      if kind.isGzip, names.contains(String(name.dropLast(3))) { continue }
      guard kind.canBeRead else {
        unreadable.append(path)
        continue
      }
      var found = try AuditLogFile(path)
      // Compressed since the names were read.
      if found == nil { found = try AuditLogFile(folder.appending(name + ".gz")) }
      guard let file = found, current.map({ !file.isSame(as: $0) }) ?? true,
        !rotated.contains(where: { $0.file.isSame(as: file) })
      else { continue }
      rotated.append((file, file.firstTime ?? "", kind.order))
    }
    self.rotated = rotated.sorted { one, other in
      one.time != other.time
        ? one.time < other.time : one.age.lexicographicallyPrecedes(other.age)
    }.map(\.file)
    self.current = current
    self.unreadable = unreadable
  }

  /// The most names that a state directory is looked through for.
  private static let mostNames = 100_000

  private static func names(in folder: FilePath) throws(AuditLogProblem) -> Set<String> {
    do throws(Errno) {
      let directory = try OpenFile(folder, flags: OpenFile.pathOnly | O_DIRECTORY)
      return Set(try DirectoryNames.first(mostNames, in: directory.descriptor))
    } catch .noSuchFileOrDirectory {
      return []
    } catch .notDirectory {
      return []
    } catch {
      throw AuditLogProblem(
        path: folder.appending(AuditLog.fileName), errno: error, isReading: true)
    }
  }
}

/// A name that logrotate(8) gives to a log: a number, a date (`dateext`, `dateformat`) or both, and
/// what compressed it.
struct RotatedName: Equatable {
  let isGzip: Bool
  /// Whether it was compressed by gzip, or not at all.
  let canBeRead: Bool
  /// The numbers in the name: of dates, the greater is the later; of others, the earlier.
  let order: [Int]

  private static let otherSuffixes = [".xz", ".bz2", ".zst", ".lz4", ".lzma", ".Z"]

  /// What `name` says; nil when it is none of an audit log.
  init?(_ name: String) {
    guard name.hasPrefix(AuditLog.fileName) else { return nil }
    var rest = name.dropFirst(AuditLog.fileName.count)
    isGzip = rest.hasSuffix(".gz")
    let other = Self.otherSuffixes.first { rest.hasSuffix($0) }
    canBeRead = other == nil
    rest = rest.dropLast(isGzip ? 3 : other?.count ?? 0)
    // What logrotate calls a log that is in its way.
    if rest.hasSuffix(".backup") { rest = rest.dropLast(7) }
    guard let first = rest.first, ".-_".contains(first), rest.contains(where: \.isNumber),
      rest.utf8.allSatisfy({ (0x30...0x39).contains($0) || ".-_T:+Z".utf8.contains($0) })
    else { return nil }
    let numbers = rest.split { !$0.isNumber }.map { Int($0) ?? .max }
    order = numbers.count == 1 && numbers[0] < 1000 ? [-numbers[0]] : numbers
  }
}
