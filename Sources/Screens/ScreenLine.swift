/// How a piece of text looks. Colour only adds to what the words say.
public struct ScreenLook: Hashable, Sendable {
  /// The colour of the letters; nil for the terminal's own.
  public var color: Color?
  /// What else there is to it.
  public var marks: Marks

  /// Letters with these marks in this colour.
  public init(_ color: Color? = nil, _ marks: Marks = []) {
    self.color = color
    self.marks = marks
  }

  /// As the terminal shows text.
  public static let plain = ScreenLook()

  /// The colours that are used, with the numbers that terminals have for them.
  public enum Color: Int16, CaseIterable, Sendable {
    /// Harm.
    case red = 1
    /// All well.
    case green = 2
    /// Worth a look.
    case yellow = 3
    /// What the user typed or chose.
    case cyan = 6
  }

  /// What a terminal without colours can do.
  public struct Marks: OptionSet, Hashable, Sendable {
    /// One bit a mark.
    public let rawValue: UInt8

    /// The marks whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Strong.
    public static let bold = Marks(rawValue: 1)
    /// Weak.
    public static let dim = Marks(rawValue: 2)
    /// Letters and background change places.
    public static let reverse = Marks(rawValue: 4)
    /// A line below.
    public static let underline = Marks(rawValue: 8)
  }
}

/// One line of a screen: pieces of text, from left to right, without control characters.
public struct ScreenLine: Equatable, Sendable {
  /// The pieces.
  public private(set) var spans: [Span]

  /// A piece of text in one look.
  public struct Span: Equatable, Sendable {
    /// What it says.
    public var text: String
    /// How it looks.
    public var look: ScreenLook

    /// `text` in this look.
    public init(_ text: String, _ look: ScreenLook = .plain) {
      self.text = text
      self.look = look
    }
  }

  /// A line of these pieces.
  public init(_ spans: [Span] = []) { self.spans = spans }

  /// A line of one piece.
  public init(_ text: String, _ look: ScreenLook = .plain) { spans = [Span(text, look)] }

  /// Puts a piece behind the others.
  public mutating func append(_ text: String, _ look: ScreenLook = .plain) {
    guard !text.isEmpty else { return }
    if spans.last?.look == look {
      spans[spans.count - 1].text += text
    } else {
      spans.append(Span(text, look))
    }
  }

  /// The line with more marks on every piece.
  public func marked(_ marks: ScreenLook.Marks) -> ScreenLine {
    ScreenLine(
      spans.map { span in
        Span(span.text, ScreenLook(span.look.color, span.look.marks.union(marks)))
      })
  }

  /// All that it says.
  public var text: String { spans.map(\.text).joined() }
}
