import Rendering
import SystemPackage
import Testing

@testable import Operations

@Suite struct PolicySchemaTests {
  /// `connreap policy schema > Policies/policy.schema.json` updates the file.
  @Test func theShippedSchemaIsCurrent() throws {
    let path = FilePath(#filePath).removingLastComponent().removingLastComponent()
      .removingLastComponent().appending("Policies/policy.schema.json")
    let file = try FileDescriptor.open(path, .readOnly)
    let schema = try file.closeAfter {
      try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        count = try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
    }
    #expect(String(decoding: schema, as: UTF8.self) == PolicySchema.text)
  }

  @Test func indentedJSONHasOneMemberPerLine() {
    let value: JSONValue = ["a": [1, "b\"c"], "d": ["e": true, "f": [:]]]
    #expect(
      value.indented() == """
        {
          "a": [1, "b\\"c"],
          "d": {
            "e": true,
            "f": {

            }
          }
        }
        """)
  }
}
