import PolicyEngine
import Selection

/// What must be so of every file that is given as a policy file.
enum PolicyProperties {
  /// So many problems of a file are told, and that there are more.
  private static let mostProblems = 101

  static func check(_ bytes: [UInt8]) throws(Violation) {
    let lines = lines(of: bytes)
    let file: PolicyFile
    do throws(PolicyFileProblems) {
      file = try read(bytes)
    } catch {
      try require(
        error.problems.contains { $0.severity == .error }, "a file is refused without an error")
      try require(error.problems.count <= mostProblems, "too many problems are told")
      for problem in error.problems { try check(problem, in: lines) }
      return
    }
    for warning in file.warnings {
      try require(warning.severity == .warning, "a file is accepted with an error")
      try check(warning, in: lines)
    }
    try check(file, lineCount: lines.count)
    try require((try? read(bytes))?.policies == file.policies, "it is read otherwise a second time")
  }

  private static func read(_ bytes: [UInt8]) throws(PolicyFileProblems) -> PolicyFile {
    try PolicyFile(name: "leaks.yaml", bytes: bytes, names: FixedNames())
  }

  /// What would close something is what the file says, and the brakes are whole.
  private static func check(_ file: PolicyFile, lineCount: Int) throws(Violation) {
    try require(!file.policies.isEmpty, "a file without a policy is accepted")
    try require(
      Set(file.policies.map(\.name)).count == file.policies.count, "two policies have one name")
    try require((try? PolicySet([file])) != nil, "a file is at odds with itself")
    for policy in file.policies {
      let name = policy.name
      try require(
        !name.isEmpty
          && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) },
        "\(name.debugDescription) is no name")
      try require((1...lineCount).contains(policy.line), "\(name) starts in line \(policy.line)")
      try require(policy.match != .everything, "\(name) is about everything")
      if policy.match.selectsEveryConnection {
        try require(
          file.warnings.contains { $0.message == "this matches every connection" },
          "\(name) matches every connection, and nobody is warned")
      }
      try require(
        policy.threshold >= 1 && policy.keep >= 0 && policy.limit >= 1 && policy.seen >= 1
          && policy.limitPercent.map { (1...100).contains($0) } ?? true
          && policy.rate.map { $0 >= 1 } ?? true && policy.giveUpAfter.map { $0 >= 1 } ?? true,
        "a number of \(name) is out of its bounds")
      if let program = policy.notify {
        try require(program.first?.hasPrefix("/") ?? false, "\(name) runs \(program)")
      }
      try KernelProperties.check(policy.match)
      for exception in policy.except { try KernelProperties.check(exception) }
      for protection in policy.protect {
        try KernelProperties.check(protection.predicate)
      }
    }
  }

  /// The place is in the file, and the message cannot do anything to a terminal.
  private static func check(_ problem: PolicyProblem, in lines: [String]) throws(Violation) {
    try requireOneLine(problem.message)
    let place = "\(problem.line):\(problem.column), \(problem.length) long: \(problem.message)"
    try require(
      (1...lines.count).contains(problem.line) && problem.column >= 1 && problem.length >= 1,
      "no place in \(lines.count) lines is \(place)")
    guard !problem.sourceLine.isEmpty else {
      try require(problem.column == 1 || lines[problem.line - 1].isEmpty, "no column is \(place)")
      return
    }
    let line = lines[problem.line - 1]
    try require(problem.sourceLine == line, "not the line of \(place)")
    try require(
      problem.column + problem.length <= line.unicodeScalars.count + 2,
      "no stretch of \(line.debugDescription) is \(place)")
    let picture = problem.description.split(separator: "\n", omittingEmptySubsequences: false)
    try require(picture.count == 3, "the picture has \(picture.count) lines: \(place)")
    for line in picture { try requireOneLine(String(line)) }
    try require(
      picture[2].unicodeScalars.count <= picture[1].unicodeScalars.count + 1,
      "the pointer leaves the line: \(problem)")
  }

  /// The lines of a text as YAML 1.1 counts them; a byte order mark is not of the first.
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
