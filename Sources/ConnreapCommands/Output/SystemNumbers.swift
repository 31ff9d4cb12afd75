import Glibc

/// Names for numbers, each asked for once: of users and of interfaces.
final class SystemNumbers {
  private var userNames: [UInt32: String?] = [:]
  private var interfaceNames: [UInt32: String?] = [:]
  private let resolvesNames: Bool

  /// - Parameter resolvesNames: whether the names are those of this machine; not for a recording.
  init(resolvesNames: Bool) {
    self.resolvesNames = resolvesNames
  }

  /// The name of the user with this uid; nil when it has none.
  func userName(_ uid: UInt32) -> String? {
    guard resolvesNames else { return nil }
    if let known = userNames[uid] { return known }
    let name = Self.lookUpUser(uid)
    userNames[uid] = .some(name)
    return name
  }

  /// The name of the interface with this index; nil when there is none.
  func interfaceName(_ index: UInt32) -> String? {
    guard resolvesNames else { return nil }
    if let known = interfaceNames[index] { return known }
    var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    let name = unsafe if_indextoname(index, &buffer) == nil ? nil : Self.text(buffer)
    interfaceNames[index] = .some(name)
    return name
  }

  private static func lookUpUser(_ uid: UInt32) -> String? {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 * 1024)
    guard unsafe getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0,
      unsafe found != nil
    else { return nil }
    return unsafe String(cString: entry.pw_name)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
