/// Finds lines at the start of a log that the one before it ends with: a run wrote them again when the
/// log was moved under it.
public struct RepeatedLines: Sendable {
  /// How many lines at the end of a log, and at the start of the next, are compared.
  static let window = 4096

  /// Of the lines at the end of the log before.
  private var before: Set<Int> = []
  /// Of the last lines so far, the oldest at ``next`` when there are enough.
  private var last: [Int] = []
  private var next = 0
  private var count = 0

  /// No line has been seen.
  public init() {}

  /// The lines that follow are those of the next log.
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
