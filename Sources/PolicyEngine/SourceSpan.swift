/// A stretch of one line of a file; lines and columns count from 1, columns in Unicode scalars.
struct SourceSpan: Equatable, Sendable {
  let line: Int
  let column: Int
  let length: Int

  /// Where nothing better is known: the start of the file.
  static let start = SourceSpan(line: 1, column: 1, length: 1)
}
