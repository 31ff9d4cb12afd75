import ArgumentParser
import LiveView
import Operations
import PolicyEngine
import Privileges
import Reaping
import Rendering
import Reports
import Selection
import StateFiles
import SystemPackage

/// `connreap policy apply`: does what the policies say; the verb for cron.
struct PolicyApplyCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Does what policies say: the command for cron.",
    discussion: """
      Only one run at a time: a second one ends with exit code 75. If a policy exceeds its limit, \
      that policy closes nothing, the other policies are applied, and the exit code is 2. The \
      audit log gets one line for each run.
      """)

  @OptionGroup var arguments: PolicyFileArguments

  @Flag(name: .shortAndLong, help: "print only when something was found, done or failed")
  var quiet = false

  @Option(
    help: ArgumentHelp("where the lock and what is remembered are kept", valueName: "folder"))
  var stateDir: String?

  @OptionGroup var time: TimeoutOption

  @OptionGroup(title: "Output") var output: OutputOptions<TextOrJSON>

  var needs: Capabilities {
    Capabilities.owners.union(PrivilegedStep.closing.needs).union(
      PrivilegedStep.enteringNamespace.needs)
  }

  func run() throws {
    let limits = try time.limits(from: .now)
    Interruption.watch()
    let watchdog = RunWatchdog.start(limits)
    defer { watchdog.disarm() }
    let loaded = try PolicyLoading(arguments.files, asRoot: true)
    if !quiet { Standard.say(loaded.report) }
    try keepRights(for: loaded.policies)
    let folder = try StateAccess.open(option: stateDir)
    let lock = try StateAccess.lock(folder)
    let trail = try AuditTrail(in: folder, AuditedRun(command: "policy apply", selection: nil))
    watchdog.record(trail.record, in: folder.path)
    let run = PolicyRun(loaded.policies, output: output.style, isQuiet: quiet, limits: limits)
    try trail.recordingRun {
      try run.carryOut(in: folder, holding: lock, recording: trail, watchedBy: watchdog)
    }
  }
}
