package import Rendering
import SystemPackage

/// The text that `print` writes to a stream; at most 64 KiB.
package func printedText(_ print: (inout OutputStream) throws -> Void) throws -> String {
  let (reading, writing) = try FileDescriptor.pipe()
  defer { try? reading.close() }
  var stream = OutputStream(writing)
  try print(&stream)
  try stream.flush()
  try writing.close()
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = try bytes.withUnsafeMutableBytes { try reading.read(into: $0) }
  return String(decoding: bytes[..<count], as: UTF8.self)
}
