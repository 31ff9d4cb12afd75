public import ArgumentParser
internal import CLinuxProcess
internal import Glibc
import LiveView
import Operations
import Rendering
import Reports
import SystemPackage

/// The command line of connreap.
public struct ConnreapCommand: ParsableCommand {
  /// The help and the subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "connreap",
    abstract: "Finds leaked TCP connections and closes them precisely.",
    version: Version.text,
    subcommands: [
      LeaksCommand.self, ListCommand.self, KillCommand.self, PolicyCommand.self, DoctorCommand.self,
      StatsCommand.self, ListenersCommand.self, LogCommand.self, TopCommand.self,
      ReportCommand.self, MetricsCommand.self,
    ])

  /// The command without a subcommand.
  public init() {}

  /// Runs the command in `arguments`, and ends the process with its exit code.
  public static func runAndExit(_ arguments: ArgumentVector) -> Never {
    // Return large tables to the system when they are freed. By default, glibc raises the threshold
    // and keeps them in the heap.
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    // libdispatch, which GRDB uses, would log on every run that it may not raise its priority.
    unsafe setenv("LIBDISPATCH_LOG", "NO", 0)
    do {
      Standard.open()
      OutputCharacters.follow(.ofProcess)
      Interruption.surviveFailedWrites()
      try Rights.begin()
      var words = try arguments.words()
      CommandLineWords.all = words
      if words == ["-V"] { words = ["--version"] }
      var command = try parseQuickly(words) ?? parse(words)
      if command is ConnreapCommand {
        try Rights.keep(overviewNeeds)
      } else {
        try Rights.keep(for: command)
      }
      try command.run()
    } catch let failure as CommandFailure {
      Standard.report(failure.text)
      exit(withError: ArgumentParser.ExitCode(failure.status.rawValue))
    } catch let problem as OutputProblem {
      // A closed pipe is not a failure, as in `connreap list | head`.
      guard problem.errno != .brokenPipe else { exit() }
      Standard.report("connreap: cannot write the output: \(problem)\n")
      exit(withError: ArgumentParser.ExitCode(ExitStatus.failed.rawValue))
    } catch {
      end(with: error)
    }
    exit()
  }

  /// Parses `words` from the root, with help and errors.
  private static func parse(_ words: [String]) throws -> any ParsableCommand {
    try UnknownCommand.refuse(words)
    return try parseAsRoot(words)
  }

  /// Prints the help or the error that ArgumentParser describes with `error`, and ends the process.
  private static func end(with error: any Error) -> Never {
    let words = CommandLineWords.all
    let code = exitCode(for: error)
    guard code.isSuccess else {
      Standard.report(UsageMessage(message(for: error), for: CommandPath(words)).failure.text)
      exit(withError: code)
    }
    do {
      try HelpText.print(fullMessage(for: error), for: words)
    } catch {
      guard error.errno != .brokenPipe else { exit() }
      Standard.report("connreap: cannot write the output: \(error)\n")
      exit(withError: ArgumentParser.ExitCode(ExitStatus.failed.rawValue))
    }
    exit()
  }

  /// Parses `words` with their subcommand alone; nil on any error or request for help.
  ///
  /// It saves a tenth of the time of `stats` on a small machine: see Documentation/performance.md.
  private static func parseQuickly(_ words: [String]) -> (any ParsableCommand)? {
    guard let name = words.first,
      let type = configuration.subcommands.first(where: { $0.configuration.isNamed(name) }),
      let command = try? type.parseAsRoot(Array(words.dropFirst())),
      Swift.type(of: command) == type
    else { return nil }
    return command
  }
}
