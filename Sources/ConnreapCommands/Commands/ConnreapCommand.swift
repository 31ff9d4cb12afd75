public import ArgumentParser
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
    version: "0.1.0",
    subcommands: [
      ListCommand.self, KillCommand.self, PolicyCommand.self, DoctorCommand.self,
      StatsCommand.self, ListenersCommand.self, LogCommand.self, TopCommand.self,
      ReportCommand.self, MetricsCommand.self,
    ])

  /// The command without a subcommand.
  public init() {}

  /// Runs what the command line asks for, and ends the process with the contract's exit code.
  public static func runAndExit() -> Never {
    do {
      Standard.open()
      try Rights.begin()
      var command = try parseAsRoot()
      try Rights.keep(for: command)
      try command.run()
    } catch let failure as CommandFailure {
      Standard.say(failure.text)
      exit(withError: ArgumentParser.ExitCode(failure.status.rawValue))
    } catch let problem as OutputProblem {
      // Who reads a pipe may stop reading: `connreap list | head` is no failure.
      guard problem.errno != .brokenPipe else { exit() }
      Standard.say("connreap: cannot write the output: \(problem.errno)\n")
      exit(withError: ArgumentParser.ExitCode(ExitStatus.failed.rawValue))
    } catch {
      exit(withError: error)
    }
    exit()
  }
}
