import FuzzProperties
import Glibc
import SystemPackage
import Testing

/// Replays the initial inputs and the findings of the fuzzers, without a fuzzer.
@Suite struct CorpusTests {
  /// One file of a corpus.
  struct Sample: CustomTestStringConvertible {
    let input: FuzzedInput
    let path: FilePath

    var testDescription: String { "\(input.rawValue)/\(path.lastComponent?.string ?? "")" }

    var bytes: [UInt8] {
      get throws {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
          var bytes: [UInt8] = []
          var buffer = [UInt8](repeating: 0, count: 1 << 16)
          while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
          }
        }
      }
    }
  }

  private static let root: FilePath = {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path
  }()

  private static func files(in directory: FilePath) -> [FilePath] {
    guard let stream = opendir(directory.string) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().map { directory.appending($0) }
  }

  static let samples: [Sample] = FuzzedInput.allCases.flatMap { input in
    files(in: root.appending("Tests/Fuzz/Corpus/\(input.rawValue)")).map {
      Sample(input: input, path: $0)
    }
  }

  /// Such files elsewhere in the project.
  static let otherSamples: [Sample] =
    files(in: root.appending("Policies")).map { Sample(input: .policies, path: $0) }
    + [Sample(input: .recordings, path: root.appending("Tests/Golden/scene.rec"))]

  @Test(arguments: FuzzedInput.allCases) func corpusHasAtLeastTwentyInputs(input: FuzzedInput) {
    #expect(Self.samples.count { $0.input == input } >= 20)
  }

  @Test(arguments: samples + otherSamples) func propertiesHold(sample: Sample) throws {
    let bytes = try sample.bytes
    let time = try ContinuousClock().measure { try sample.input.check(bytes) }
    #expect(time < .seconds(10))
  }

  /// A few fixed mutations, like those of a fuzzer.
  @Test(arguments: samples) func propertiesHoldForMutations(sample: Sample) throws {
    let bytes = try sample.bytes
    guard (1...600).contains(bytes.count) else { return }
    for cut in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 8)) {
      try sample.input.check(Array(bytes[..<cut]))
      try sample.input.check(Array(bytes[cut...]))
      var changed = bytes
      changed[cut] ^= 0x81
      try sample.input.check(changed)
    }
  }
}
