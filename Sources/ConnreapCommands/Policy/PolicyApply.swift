import ArgumentParser
import Operations
import PolicyEngine
import Privileges
import Rendering
import StateFiles
import SystemPackage

/// `connreap policy apply`: applies policies.
struct PolicyApplyCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Applies policies; designed for cron.",
    discussion: """
      Only one run at a time: a second run exits with code 75. A policy that exceeds its limit \
      closes nothing; the other policies apply, and the exit code is 2. The audit log gets one \
      entry for each run.
      """)

  @OptionGroup var arguments: PolicyFileArguments

  @Flag(name: .shortAndLong, help: "print only if something was found, done or failed")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "directory of the lock, the history and the audit log", valueName: "directory"))
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
    if !quiet { Standard.report(loaded.report) }
    try keepRights(for: loaded.policies)
    let directory = try StateAccess.open(option: stateDir)
    let lock = try StateAccess.lock(directory)
    let trail = try AuditTrail(in: directory, AuditedRun(command: "policy apply", selection: nil))
    watchdog.record(trail.record, in: directory.path)
    let run = PolicyRun(loaded.policies, output: output.style, isQuiet: quiet, limits: limits)
    try trail.recordingRun {
      try run.carryOut(in: directory, holding: lock, recording: trail, watchedBy: watchdog)
    }
  }
}
