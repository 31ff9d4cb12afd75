internal import SystemPackage

/// What `/proc/PID/fd/N` says of one descriptor.
enum DescriptorLink: Equatable {
  /// A socket, with its inode.
  case socket(UInt32)
  /// Something else.
  case other
  /// Nothing: it, or the whole process, is no more.
  case gone
  /// The link could not be read.
  case unreadable(Errno)

  /// More octets than the longest `socket:[4294967295]` has; a target that fills them is no socket.
  static let enoughOctets = 32

  private static let prefix = Array("socket:[".utf8)

  /// The link with this target; a socket is `socket:[N]`, N being 32 bits and not 0.
  init(target: Span<UInt8>) {
    self = .other
    let start = Self.prefix.count
    let last = target.count - 1
    guard last > start, target.count < Self.enoughOctets, target[last] == UInt8(ascii: "]"),
      Self.prefix.indices.allSatisfy({ target[$0] == Self.prefix[$0] }),
      let inode = target.decimal(in: start..<last), inode != 0
    else { return }
    self = .socket(inode)
  }

  /// The link whose reading failed.
  ///
  /// ENAMETOOLONG comes of a file whose path is above `PATH_MAX`, and never of a socket.
  init(failure: Errno) {
    self = failure.saysGone ? .gone : failure == .fileNameTooLong ? .other : .unreadable(failure)
  }
}

extension Errno {
  /// Whether it is how `/proc` says that a process or a descriptor is no more.
  var saysGone: Bool { self == .noSuchFileOrDirectory || self == .noSuchProcess }
}
