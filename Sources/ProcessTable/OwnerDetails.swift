/// What to read about each owner besides its identity and command name. Each detail costs one file.
public struct OwnerDetails: OptionSet, Sendable {
  /// One bit per detail.
  public let rawValue: UInt8

  /// The details whose bits are set.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The path of the executable.
  public static let executable = OwnerDetails(rawValue: 1)
  /// The real user.
  public static let user = OwnerDetails(rawValue: 2)
  /// The cgroup.
  public static let controlGroup = OwnerDetails(rawValue: 4)
  /// All details.
  public static let all: OwnerDetails = [.executable, .user, .controlGroup]
}
