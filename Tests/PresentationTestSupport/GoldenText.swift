import Glibc
import SystemPackage
package import Testing

/// Expects `text` to be the content of `Tests/Golden/expected/NAME`.
///
/// With UPDATE_GOLDEN in the environment, the file is rewritten first.
package func expectGolden(
  _ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let path = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .appending("Golden/expected/\(name)")
  if getenv("UPDATE_GOLDEN") != nil {
    let file = try FileDescriptor.open(
      path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644)
    )
    _ = try file.closeAfter { try file.writeAll(text.utf8) }
  }
  let file = try FileDescriptor.open(path, .readOnly)
  let expected = try file.closeAfter {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
  #expect(text == expected, "\(name) differs", sourceLocation: sourceLocation)
}
