public import SystemPackage

/// Why the audit log could not be opened, read or written.
public struct AuditLogProblem: Error, Equatable, Sendable {
  /// Where the file is.
  public let path: FilePath
  /// What the system said; `EINVAL` for something that is no regular file.
  public let errno: Errno
  /// Whether it was to be read.
  public var isReading = false
  /// What is wrong with a log that was compressed; nil for a failure of the system.
  public var fault: ArchiveFault?
}

/// What is wrong with a compressed log.
public enum ArchiveFault: Equatable, Sendable {
  /// It is damaged, or its end is missing.
  case damaged
  /// It has more than this many bytes, uncompressed.
  case tooLarge(limit: Int)
}

extension AuditLogProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch fault {
    case nil: "cannot \(isReading ? "read" : "write") the audit log \(path): \(reason)"
    case .damaged: "the audit log \(path) is damaged: the rest of it is left out"
    case .tooLarge(let limit):
      "the audit log \(path) has more than \(RemedyText.size(limit)) uncompressed: the rest of it "
        + "is left out"
    }
  }

  private var reason: String {
    errno == .fileTooLarge ? "the limit on file sizes is reached (see 'ulimit -f')" : "\(errno)"
  }
}
