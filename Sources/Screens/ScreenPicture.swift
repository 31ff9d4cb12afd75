/// All lines of a screen, from its top.
public struct ScreenPicture: Equatable, Sendable {
  /// The lines; what is missing is blank.
  public var lines: [ScreenLine]
  /// Where the cursor stands, for what is being typed; nil when nothing is.
  public var cursor: Place?

  /// A place on a screen, counted from the upper left corner.
  public struct Place: Equatable, Sendable {
    /// The line, from 0.
    public var row: Int
    /// The column, from 0.
    public var column: Int

    /// The place in this row and column.
    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// A picture of these lines.
  public init(_ lines: [ScreenLine], cursor: Place? = nil) {
    self.lines = lines
    self.cursor = cursor
  }
}

/// How large a screen is, in columns and lines of text.
public struct ScreenSize: Equatable, Sendable {
  /// Columns; at least one.
  public let width: Int
  /// Lines; at least one.
  public let height: Int

  /// The size, or the nearest that a screen can have.
  public init(width: Int, height: Int) {
    self.width = max(1, width)
    self.height = max(1, height)
  }
}
