import PolicyEngine
import Selection

/// Properties of every text that is read as a policy file.
enum PolicyProperties {
  /// One hundred problems, and a note that there are more.
  private static let maximumProblems = 101

  static func check(_ bytes: [UInt8]) throws(Violation) {
    let lines = lines(of: bytes)
    let file: PolicyFile
    do throws(PolicyFileProblems) {
      file = try read(bytes)
    } catch {
      try require(
        error.problems.contains { $0.severity == .error }, "a file was rejected without an error")
      try require(error.problems.count <= maximumProblems, "too many problems are reported")
      for problem in error.problems { try check(problem, in: lines) }
      return
    }
    for warning in file.warnings {
      try require(warning.severity == .warning, "a file was accepted with an error")
      try check(warning, in: lines)
    }
    try check(file, lineCount: lines.count)
    try require(
      (try? read(bytes))?.policies == file.policies, "a second reading gives different policies")
  }

  private static func read(_ bytes: [UInt8]) throws(PolicyFileProblems) -> PolicyFile {
    try PolicyFile(name: "leaks.yaml", bytes: bytes, names: FixedNames())
  }

  /// Policies have valid names and selections, and their limits are in range.
  private static func check(_ file: PolicyFile, lineCount: Int) throws(Violation) {
    try require(!file.policies.isEmpty, "a file without policies was accepted")
    try require(
      Set(file.policies.map(\.name)).count == file.policies.count, "two policies have the same name"
    )
    try require((try? PolicySet([file])) != nil, "the policies of a file conflict")
    for policy in file.policies {
      let name = policy.name
      try require(
        !name.isEmpty
          && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) },
        "\(name.debugDescription) is not a valid name")
      try require((1...lineCount).contains(policy.line), "\(name) starts at line \(policy.line)")
      try require(policy.match != .everything, "\(name) has an empty match")
      if policy.match.selectsEveryConnection {
        try require(
          file.warnings.contains { $0.message == "this matches every connection" },
          "\(name) matches every connection without a warning")
      }
      try require(
        policy.threshold >= 1 && policy.keep >= 0 && policy.limit >= 1 && policy.seen >= 1
          && policy.limitPercent.map { (1...100).contains($0) } ?? true
          && policy.rate.map { $0 >= 1 } ?? true && policy.giveUpAfter.map { $0 >= 1 } ?? true,
        "a number of \(name) is out of range")
      if let program = policy.notify {
        try require(
          program.first?.hasPrefix("/") ?? false, "\(name) notifies a relative path: \(program)")
      }
      try KernelProperties.check(policy.match)
      for exception in policy.except { try KernelProperties.check(exception) }
      for protection in policy.protect {
        try KernelProperties.check(protection.predicate)
      }
    }
  }

  /// The position is in the file, and the message cannot affect a terminal.
  private static func check(_ problem: PolicyProblem, in lines: [String]) throws(Violation) {
    try requireOneLine(problem.message)
    let position = "\(problem.line):\(problem.column)+\(problem.length): \(problem.message)"
    try require(
      (1...lines.count).contains(problem.line) && problem.column >= 1 && problem.length >= 1,
      "not a position in \(lines.count) lines: \(position)")
    guard !problem.sourceLine.isEmpty else {
      try require(
        problem.column == 1 || lines[problem.line - 1].isEmpty, "not a column: \(position)")
      return
    }
    let line = lines[problem.line - 1]
    try require(problem.sourceLine == line, "not the line at \(position)")
    try require(
      problem.column + problem.length <= line.unicodeScalars.count + 2,
      "not a range in \(line.debugDescription): \(position)")
    let description = problem.description.split(separator: "\n", omittingEmptySubsequences: false)
    try require(
      description.count == 3, "the description has \(description.count) lines: \(position)")
    for line in description { try requireOneLine(String(line)) }
    try require(
      description[2].unicodeScalars.count <= description[1].unicodeScalars.count + 1,
      "the caret leaves the line: \(problem)")
  }

  /// The lines of a text as YAML 1.1 counts them, without a byte order mark.
  private static func lines(of bytes: [UInt8]) -> [String] {
    var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
    if scalars.first == "\u{feff}" { scalars.removeFirst() }
    var lines = [String.UnicodeScalarView()]
    var last: Unicode.Scalar?
    for scalar in scalars {
      switch scalar {
      case "\n" where last == "\r": break
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append(String.UnicodeScalarView())
      default: lines[lines.count - 1].append(scalar)
      }
      last = scalar
    }
    return lines.map { String($0) }
  }
}
