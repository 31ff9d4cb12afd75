internal import SystemPackage

/// The kind of file that the link `/proc/PID/fd/N` refers to.
enum DescriptorLink: Equatable {
  /// A socket, with its inode.
  case socket(UInt32)
  /// Anything else.
  case other
  /// The descriptor or the process no longer exists.
  case gone
  /// The link could not be read.
  case unreadable(Errno)

  /// More bytes than the longest `socket:[4294967295]` has. A target that fills them is no socket.
  static let targetCapacity = 32

  private static let prefix = Array("socket:[".utf8)

  /// Parses the target of a link. A socket is `socket:[N]`, where N has 32 bits and is not 0.
  init(target: Span<UInt8>) {
    self = .other
    let start = Self.prefix.count
    let last = target.count - 1
    guard last > start, target.count < Self.targetCapacity, target[last] == UInt8(ascii: "]"),
      Self.prefix.indices.allSatisfy({ target[$0] == Self.prefix[$0] }),
      let inode = target.decimal(in: start..<last), inode != 0
    else { return }
    self = .socket(inode)
  }

  /// Interprets the failure to read a link.
  ///
  /// ENAMETOOLONG means a file whose path is longer than `PATH_MAX`, never a socket.
  init(failure: Errno) {
    self = failure.meansGone ? .gone : failure == .fileNameTooLong ? .other : .unreadable(failure)
  }
}

extension Errno {
  /// Whether `/proc` reports with this error that a process or descriptor no longer exists.
  var meansGone: Bool { self == .noSuchFileOrDirectory || self == .noSuchProcess }
}
