public import SystemPackage

/// Why the audit log could not be opened, read or written.
public struct AuditLogProblem: Error, Equatable, Sendable {
  /// Where the file is.
  public let path: FilePath
  /// The system's error; `EINVAL` if it is not a regular file.
  public let errno: Errno
  /// Whether it failed while reading.
  public var isReading = false
  /// The problem of a compressed log; nil for a system error.
  public var fault: ArchiveFault?
}

/// A problem of a compressed log.
public enum ArchiveFault: Equatable, Sendable {
  /// It is damaged or truncated.
  case damaged
  /// It exceeds this many bytes uncompressed.
  case tooLarge(limit: Int)
}

extension AuditLogProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch fault {
    case nil: "cannot \(isReading ? "read" : "write") the audit log \(path): \(reason)"
    case .damaged: "the audit log \(path) is damaged: skipped the rest of it"
    case .tooLarge(let limit):
      "the audit log \(path) is larger than \(RemedyText.size(limit)) uncompressed: "
        + "skipped the rest of it"
    }
  }

  private var reason: String {
    errno == .fileTooLarge ? "the limit on file sizes is reached (see 'ulimit -f')" : "\(errno)"
  }
}
