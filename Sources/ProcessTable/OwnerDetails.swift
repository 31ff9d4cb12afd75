/// What to read about each owner besides its identity and command name. Each detail costs one file.
public struct OwnerDetails: OptionSet, Sendable {
  /// One bit per detail.
  public let rawValue: UInt8

  /// The details whose bits are set.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The path of the executable, and the program. The command line is read only if it is needed
  /// to name the program.
  public static let program = OwnerDetails(rawValue: 1)
  /// The real user.
  public static let user = OwnerDetails(rawValue: 2)
  /// The cgroup.
  public static let controlGroup = OwnerDetails(rawValue: 4)
  /// The command line.
  public static let command = OwnerDetails(rawValue: 8)
  /// All details except the command line, which can be long.
  public static let facts: OwnerDetails = [.program, .user, .controlGroup]
  /// All details.
  public static let all: OwnerDetails = [.facts, .command]
}
