import Glibc
import Synchronization

/// The names of users and interfaces, each looked up once.
package final class SystemNumbers: Sendable {
  private let userNames = Mutex<[UInt32: String?]>([:])
  private let interfaceNames = Mutex<[UInt32: String?]>([:])
  private let resolvesNames: Bool

  /// - Parameter resolvesNames: whether this machine's names apply; false for a recording.
  package init(resolvesNames: Bool) {
    self.resolvesNames = resolvesNames
  }

  /// The name of the user with this uid; nil if there is none.
  package func userName(_ uid: UInt32) -> String? {
    guard resolvesNames else { return nil }
    return userNames.withLock { names in
      if let known = names[uid] { return known }
      let name = Self.lookUpUser(uid)
      names[uid] = .some(name)
      return name
    }
  }

  /// The name of the interface with this index; nil if there is none.
  package func interfaceName(_ index: UInt32) -> String? {
    guard resolvesNames else { return nil }
    return interfaceNames.withLock { names in
      if let known = names[index] { return known }
      let name = Self.lookUpInterface(index)
      names[index] = .some(name)
      return name
    }
  }

  private static func lookUpInterface(_ index: UInt32) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    return unsafe if_indextoname(index, &buffer) == nil ? nil : text(buffer)
  }

  private static func lookUpUser(_ uid: UInt32) -> String? {
    unsafe entry(of: uid) { unsafe String(cString: $0.pw_name) }
  }

  /// The home directory of the user with this uid; nil if there is none.
  package static func homeDirectory(of uid: UInt32) -> String? {
    unsafe entry(of: uid) { unsafe String(cString: $0.pw_dir) }
  }

  private static func entry(of uid: UInt32, _ read: (passwd) -> String) -> String? {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 * 1024)
    guard unsafe getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0,
      unsafe found != nil
    else { return nil }
    return unsafe read(entry)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
