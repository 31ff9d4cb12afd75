/// Decimal numbers with a leading zero, such as `010`.
///
/// YAML 1.1, C and several tools read such a number as octal, others as decimal. connreap rejects it
/// as ambiguous.
public enum LeadingZero {
  /// Whether `digits` is a number of more than one digit that starts with 0.
  public static func starts(_ digits: some StringProtocol) -> Bool {
    let bytes = digits.utf8
    return bytes.first == UInt8(ascii: "0") && bytes.count > 1
      && bytes.allSatisfy(\.isDecimalDigit)
  }

  /// The message for a user, with the number to write instead.
  public static func message(_ digits: some StringProtocol) -> String {
    let rest = digits.drop { $0 == "0" }
    return "\(digits.quoted) starts with 0 and could be read as octal; write "
      + (rest.isEmpty ? "0" : String(rest))
  }
}
