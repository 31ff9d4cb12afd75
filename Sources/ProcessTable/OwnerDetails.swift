/// What is read of each owner, beside which process it is and its command name. Each is a file more.
public struct OwnerDetails: OptionSet, Sendable {
  /// One bit a detail.
  public let rawValue: UInt8

  /// The details whose bits are set.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The path of the executable.
  public static let executable = OwnerDetails(rawValue: 1)
  /// The real user.
  public static let user = OwnerDetails(rawValue: 2)
  /// The cgroup that it runs in.
  public static let controlGroup = OwnerDetails(rawValue: 4)
  /// All of them.
  public static let all: OwnerDetails = [.executable, .user, .controlGroup]
}
