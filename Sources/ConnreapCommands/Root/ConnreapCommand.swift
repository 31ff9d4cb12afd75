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
  /// What `--help` says, and the subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "connreap",
    abstract: "Finds leaked TCP connections and closes them precisely.",
    discussion: """
      connreap list --idle 1h              which connections are idle, and who holds them
      connreap kill --host 192.168.1.100 --port 80
                                           closes them, verifies each, and spares your session
      connreap policy apply Policies/      from cron: closes what the policies say
      """,
    version: Version.text,
    subcommands: [
      ListCommand.self, KillCommand.self, PolicyCommand.self, DoctorCommand.self,
      StatsCommand.self, ListenersCommand.self, LogCommand.self, TopCommand.self,
      ReportCommand.self, MetricsCommand.self,
    ])

  /// The command without a subcommand.
  public init() {}

  /// Runs what `arguments` ask for, and ends the process with the contract's exit code.
  public static func runAndExit(_ arguments: ArgumentVector) -> Never {
    // Tables of a million rows are to go back to the system when they are done with, not to stay in
    // the heap, as glibc has it of what is smaller than the largest block that was freed before.
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    // What the database runs on asks for more priority than connreap keeps the right to, and would
    // have the system's log say so on every run.
    unsafe setenv("LIBDISPATCH_LOG", "NO", 0)
    do {
      Standard.open()
      Interruption.surviveFailedWrites()
      try Rights.begin()
      let words = try arguments.words()
      CommandLineWords.all = words
      var command = try parseQuickly(words) ?? parse(words)
      try Rights.keep(for: command)
      try command.run()
    } catch let failure as CommandFailure {
      Standard.say(failure.text)
      exit(withError: ArgumentParser.ExitCode(failure.status.rawValue))
    } catch let problem as OutputProblem {
      // Who reads a pipe may stop reading: `connreap list | head` is no failure.
      guard problem.errno != .brokenPipe else { exit() }
      Standard.say("connreap: cannot write the output: \(problem)\n")
      exit(withError: ArgumentParser.ExitCode(ExitStatus.failed.rawValue))
    } catch {
      exit(withError: error)
    }
    exit()
  }

  /// The command that `words` ask for.
  private static func parse(_ words: [String]) throws -> any ParsableCommand {
    try UnknownCommand.refuse(words)
    return try parseAsRoot(words)
  }

  /// The command that `words` start with, when nothing is wrong with the others.
  ///
  /// To go through the tree of commands, and look for what completes words in a shell, costs more
  /// time than to list the connections of a small machine. Errors and help are the tree's.
  private static func parseQuickly(_ words: [String]) -> (any ParsableCommand)? {
    guard let name = words.first,
      let type = configuration.subcommands.first(where: { $0.configuration.commandName == name }),
      let command = try? type.parseAsRoot(Array(words.dropFirst())),
      Swift.type(of: command) == type
    else { return nil }
    return command
  }
}
