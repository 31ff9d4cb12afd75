/// The contents of a screen.
public struct ScreenPicture: Equatable, Sendable {
  /// The lines from the top; missing lines are blank.
  public var lines: [ScreenLine]
  /// The position of the cursor while text is typed; otherwise nil.
  public var cursor: Place?

  /// A position on a screen, counted from the upper left corner.
  public struct Place: Equatable, Sendable {
    /// The line, from 0.
    public var row: Int
    /// The column, from 0.
    public var column: Int

    /// Creates a position.
    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// Creates a picture.
  public init(_ lines: [ScreenLine], cursor: Place? = nil) {
    self.lines = lines
    self.cursor = cursor
  }
}

/// The size of a screen, in columns and lines.
public struct ScreenSize: Equatable, Sendable {
  /// The number of columns; at least one.
  public let width: Int
  /// The number of lines; at least one.
  public let height: Int

  /// Creates a size; values below one become one.
  public init(width: Int, height: Int) {
    self.width = max(1, width)
    self.height = max(1, height)
  }
}
