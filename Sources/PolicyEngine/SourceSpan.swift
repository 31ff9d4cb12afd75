/// A part of one line of a file. Lines and columns count from 1, columns in Unicode scalars.
struct SourceSpan: Equatable, Sendable {
  let line: Int
  let column: Int
  let length: Int

  /// The start of the file, if nothing better is known.
  static let start = SourceSpan(line: 1, column: 1, length: 1)
}
