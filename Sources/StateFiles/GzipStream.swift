internal import CZlib
internal import SystemPackage

/// Decompresses gzip(1) data in parts. Only this file calls zlib.
///
/// It owns the memory that zlib works in, and does not expose it.
@safe struct GzipStream: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  /// Whether the next byte starts a new member (RFC 1952). A file may have several.
  private var isBetweenMembers = true
  private var fault: ArchiveFault?
  private var total = 0
  private let limit: Int

  /// The first bytes of every gzip file.
  static let magic: [UInt8] = [0x1f, 0x8b]

  private static let inputSize = 64 * 1024

  /// - Parameter limit: the maximum uncompressed size, because a small file can become very large.
  init?(limit: Int) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    unsafe input = .allocate(byteCount: Self.inputSize, alignment: 1)
    self.limit = limit
    // The largest window (15), plus 16 for the gzip header.
    let code = unsafe inflateInit2_(
      stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { return nil }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
    unsafe input.deallocate()
  }

  /// Decompresses at most `count` bytes of `file` and appends them; false at the end.
  mutating func append(
    from file: borrowing OpenFile, atMost count: Int, to bytes: inout [UInt8]
  ) throws(GzipProblem) -> Bool {
    if let fault { throw .fault(fault) }
    let old = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    var produced = 0
    defer { bytes.removeSubrange((old + produced)...) }
    while produced == 0 {
      if unsafe stream.pointee.avail_in == 0 {
        guard try fill(from: file) else {
          guard isBetweenMembers else { throw .fault(.damaged) }
          return false
        }
      }
      if isBetweenMembers {
        unsafe inflateReset(stream)
        isBetweenMembers = false
      }
      let code = unsafe bytes.withUnsafeMutableBytes { buffer in
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[old...])
        unsafe stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = CUnsignedInt(room.count)
        let code = unsafe inflate(stream, Z_NO_FLUSH)
        produced = unsafe room.count - Int(stream.pointee.avail_out)
        return code
      }
      total += produced
      switch code {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: isBetweenMembers = true
      default: fault = .damaged
      }
      if total > limit { fault = .tooLarge(limit: limit) }
      // Data from before the fault is returned first.
      if produced == 0, let fault { throw .fault(fault) }
    }
    return true
  }

  /// Reads the next part of `file`; false at its end.
  private mutating func fill(from file: borrowing OpenFile) throws(GzipProblem) -> Bool {
    var part: [UInt8] = []
    do {
      guard try file.append(atMost: Self.inputSize, to: &part) else { return false }
    } catch {
      throw .cannotRead(error)
    }
    unsafe input.copyBytes(from: part)
    unsafe stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
    unsafe stream.pointee.avail_in = CUnsignedInt(part.count)
    return true
  }
}

/// Why decompression stopped.
enum GzipProblem: Error, Equatable {
  /// It could not be read.
  case cannotRead(Errno)
  /// It is damaged, or too large.
  case fault(ArchiveFault)
}
