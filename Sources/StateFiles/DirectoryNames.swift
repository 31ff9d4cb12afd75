internal import Glibc
internal import SystemPackage

/// The names in a directory.
enum DirectoryNames {
  /// Up to `count` names in the open directory, in no order.
  ///
  /// - Parameter directory: may be open with ``OpenFile/pathOnly``.
  static func first(_ count: Int, in directory: FileDescriptor) throws(Errno) -> [String] {
    let opened = try OpenFile(".", from: directory, flags: O_RDONLY | O_DIRECTORY)
    // The stream takes ownership of this descriptor and closes it.
    let copy = fcntl(opened.descriptor.rawValue, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw Errno(rawValue: errno) }
    guard let stream = unsafe fdopendir(copy) else {
      let code = errno
      try? FileDescriptor(rawValue: copy).close()
      throw Errno(rawValue: code)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while names.count < count, let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
