/// The appearance of text. Colour never carries meaning that the text lacks.
public struct ScreenLook: Hashable, Sendable {
  /// The text colour; nil for the terminal's default.
  public var color: Color?
  /// The attributes, such as bold.
  public var marks: Marks

  /// Creates an appearance.
  public init(_ color: Color? = nil, _ marks: Marks = []) {
    self.color = color
    self.marks = marks
  }

  /// The terminal's default appearance.
  public static let plain = ScreenLook()

  /// The colours in use, with their ANSI numbers.
  public enum Color: Int16, CaseIterable, Sendable {
    /// For errors and damage.
    case red = 1
    /// For success.
    case green = 2
    /// For warnings.
    case yellow = 3
    /// For what the user typed or selected.
    case cyan = 6
  }

  /// Text attributes that work without colours.
  public struct Marks: OptionSet, Hashable, Sendable {
    /// One bit per attribute.
    public let rawValue: UInt8

    /// Creates the set of the attributes whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bold text.
    public static let bold = Marks(rawValue: 1)
    /// Dim text.
    public static let dim = Marks(rawValue: 2)
    /// Text and background colours swapped.
    public static let reverse = Marks(rawValue: 4)
    /// Underlined text.
    public static let underline = Marks(rawValue: 8)
  }
}

/// A line of a screen: spans of text from left to right, without control characters.
public struct ScreenLine: Equatable, Sendable {
  /// The spans of the line.
  public private(set) var spans: [Span]

  /// Text with one appearance.
  public struct Span: Equatable, Sendable {
    /// The text of the span.
    public var text: String
    /// The appearance of the span.
    public var look: ScreenLook

    /// Creates a span.
    public init(_ text: String, _ look: ScreenLook = .plain) {
      self.text = text
      self.look = look
    }
  }

  /// Creates a line of spans.
  public init(_ spans: [Span] = []) { self.spans = spans }

  /// Creates a line of one span.
  public init(_ text: String, _ look: ScreenLook = .plain) { spans = [Span(text, look)] }

  /// Appends a span; merges it with the last one if both look the same.
  public mutating func append(_ text: String, _ look: ScreenLook = .plain) {
    guard !text.isEmpty else { return }
    if spans.last?.look == look {
      spans[spans.count - 1].text += text
    } else {
      spans.append(Span(text, look))
    }
  }

  /// The line with these attributes added to every span.
  public func marked(_ marks: ScreenLook.Marks) -> ScreenLine {
    ScreenLine(
      spans.map { span in
        Span(span.text, ScreenLook(span.look.color, span.look.marks.union(marks)))
      })
  }

  /// The text of the whole line.
  public var text: String { spans.map(\.text).joined() }
}

extension ScreenLine {
  /// The line in `color` where it has no colour of its own.
  public func colored(_ color: ScreenLook.Color) -> ScreenLine {
    ScreenLine(
      spans.map { span in
        Span(span.text, ScreenLook(span.look.color ?? color, span.look.marks))
      })
  }

  /// The line as a bar: reversed, in one colour from end to end.
  public var bar: ScreenLine {
    ScreenLine(
      spans.map { span in
        Span(span.text, ScreenLook(nil, span.look.marks.subtracting(.dim).union(.reverse)))
      })
  }
}
