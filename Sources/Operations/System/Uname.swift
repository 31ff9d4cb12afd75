import Glibc

/// What uname(2) reports about this machine.
package enum Uname {
  /// `uname -r`, the kernel's release.
  static var release: String? {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return nil }
    return unsafe withUnsafeBytes(of: names.release) { unsafe text($0) }
  }

  /// `uname -n`, the name of this machine.
  package static var hostName: String? {
    var names = utsname()
    guard unsafe uname(&names) == 0 else { return nil }
    return unsafe withUnsafeBytes(of: names.nodename) { unsafe text($0) }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
