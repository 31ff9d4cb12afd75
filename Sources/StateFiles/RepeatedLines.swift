/// Finds lines at the start of a log that repeat the end of the previous log. A run writes lines
/// again if the log is moved during a write.
public struct RepeatedLines: Sendable {
  /// How many lines to compare at the end of a log and at the start of the next.
  static let window = 4096

  /// Hashes of the last lines of the previous log.
  private var before: Set<Int> = []
  /// Hashes of the last lines of the current log: a ring buffer, once full, with the oldest at
  /// ``next``.
  private var last: [Int] = []
  private var next = 0
  private var count = 0

  /// Creates a detector that has seen no lines.
  public init() {}

  /// Starts the next log.
  public mutating func startFile() {
    before = Set(last)
    last = []
    next = 0
    count = 0
  }

  /// Whether the next line is a repetition.
  public mutating func contains(_ line: ArraySlice<UInt8>) -> Bool {
    let hash = line.hashValue
    count += 1
    if last.count < Self.window {
      last.append(hash)
    } else {
      last[next] = hash
      next = (next + 1) % Self.window
    }
    return count <= Self.window && before.contains(hash)
  }
}
