internal import SystemPackage

/// Names of descriptors that connreap inherited.
///
/// They are not opened again. A pipe or socket is used as it is, whatever it leads to.
enum DescriptorName {
  /// The descriptor that `name` stands for; nil for a file name.
  ///
  /// - Parameter dash: the descriptor that `-` stands for.
  static func number(of name: String, dash: CInt) -> CInt? {
    switch name {
    case "-": return dash
    case "/dev/stdin": return 0
    case "/dev/stdout": return 1
    case "/dev/stderr": return 2
    default:
      for directory in ["/dev/fd/", "/proc/self/fd/"] where name.hasPrefix(directory) {
        let digits = name.dropFirst(directory.count)
        guard digits.allSatisfy(\.isNumber), let number = CInt(digits) else { return nil }
        return number
      }
      return nil
    }
  }
}
