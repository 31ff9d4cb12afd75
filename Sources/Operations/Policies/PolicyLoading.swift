import Glibc
package import PolicyEngine
import Rendering
package import Selection
import StateFiles
import SystemPackage

/// The policies of the files that a command was given.
package struct PolicyLoading {
  package let policies: PolicySet
  package let fileCount: Int
  private let warnings: [PolicyProblem]

  /// Reads the files and directories `paths`. If any file has an error, all are rejected.
  ///
  /// - Parameters:
  ///   - asRoot: whether root will act on them, so that nobody else may be able to write them.
  ///   - resolver: resolves the names in them.
  package init(
    _ paths: [String], asRoot: Bool, names resolver: SystemNames = SystemNames()
  ) throws(CommandFailure) {
    var names: [FilePath] = []
    for path in paths { names += try Self.files(at: FilePath(path)) }
    var files: [PolicyFile] = []
    var problems: [PolicyProblem] = []
    for name in names {
      let bytes = try Self.read(name, asRoot: asRoot && geteuid() == 0)
      do {
        let file = try PolicyFile(name: name.string, bytes: bytes, names: resolver)
        files.append(file)
        problems += file.warnings
      } catch {
        problems += error.problems
      }
    }
    try Self.check(problems, fileCount: names.count)
    do {
      policies = try PolicySet(files)
    } catch {
      try Self.check(problems + error.problems, fileCount: names.count)
      throw CommandFailure(.badData, "two policies have the same name")
    }
    warnings = problems
    fileCount = names.count
  }

  /// The warnings, for standard error; empty if there are none.
  package var report: String { Self.text(of: warnings, fileCount: fileCount) }

  private static func text(of problems: [PolicyProblem], fileCount: Int) -> String {
    guard !problems.isEmpty else { return "" }
    let summary = PolicyProblem.summary(of: problems, fileCount: fileCount)
    return (problems.map(\.description) + [summary]).joined(separator: "\n") + "\n"
  }

  private static func check(
    _ problems: [PolicyProblem], fileCount: Int
  ) throws(CommandFailure) {
    guard problems.contains(where: { $0.severity == .error }) else { return }
    Standard.report(text(of: problems, fileCount: fileCount))
    throw CommandFailure.silent(.badData)
  }

  private static func read(_ path: FilePath, asRoot: Bool) throws(CommandFailure) -> [UInt8] {
    do {
      return try TrustedFile.read(path, asRoot: asRoot)
    } catch {
      throw CommandFailure(.badData, EscapedText.lines("\(error)"))
    }
  }

  /// The file itself or, for a directory, the policy files directly in it, sorted by name.
  private static func files(at path: FilePath) throws(CommandFailure) -> [FilePath] {
    let names: [String]
    do {
      names = try Self.names(in: path)
    } catch .notDirectory {
      return [path]
    } catch {
      throw CommandFailure(
        .badData, "cannot open \(EscapedText.escaped(path.string)): \(error)")
    }
    let files = names.filter {
      !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml"))
    }
    guard !files.isEmpty else {
      throw CommandFailure(
        .badData, "no policy file in \(EscapedText.escaped(path.string))",
        remedy: "the name of a policy file ends in .yaml or .yml")
    }
    return files.sorted().map { path.appending($0) }
  }

  /// The unsorted names in the directory at `path`.
  private static func names(in path: FilePath) throws(Errno) -> [String] {
    guard let directory = unsafe path.withPlatformString({ unsafe opendir($0) }) else {
      throw Errno(rawValue: errno)
    }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      names.append(
        unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }
}
