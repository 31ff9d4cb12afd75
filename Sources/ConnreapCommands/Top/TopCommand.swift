import ArgumentParser
import Glibc
import LiveView
import Operations
import Presentation
import Privileges
import Rendering
import Screens
import Selection
import SystemPackage

/// `connreap top`: the live, interactive view.
struct TopCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", _superCommandName: "connreap",
    abstract: "Shows connections live, with their rates, and closes those that you mark.",
    discussion: """
      Shows what list shows, again and again, with bytes sent and received in a second. Keys: \
      arrows move, s sorts, r reverses, / filters while you type, g groups by process, peer or \
      unit, Enter shows all of one connection, space marks, k closes what is marked through the \
      plan, the guards and the question of kill, p pauses, ? says more, q quits.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(help: ArgumentHelp("scan again so often (default 2s)", valueName: "duration"))
  var interval: DurationArgument?

  @OptionGroup var guardOptions: GuardOptions

  @Option(
    help: ArgumentHelp("where the audit log is, and what runs have remembered", valueName: "folder")
  )
  var stateDir: String?

  @Option(help: .color)
  var color = ColorChoice.auto

  var needs: Capabilities {
    // A filter that is typed may name marks.
    Capabilities.scan(selection, on: .kernel()).union(PrivilegedStep.closing.needs)
  }

  private static let usualInterval: UInt64 = 2000

  func run() throws {
    let predicate = try selection.predicate(names: SystemNames())
    let interval = try interval?.interval(of: "--interval") ?? Self.usualInterval
    let guarding = try guardOptions.settings()
    let output = Terminal.of(Standard.output, columns: nil)
    guard output.isTerminal, Terminal.of(.standardInput, columns: nil).isTerminal else {
      throw CommandFailure(
        .usage, "top needs a terminal to show connections on and to read keys from",
        remedy:
          "'connreap list' prints them once, and 'connreap stats --watch 2s' counts them again "
          + "and again")
    }
    let work = TopWork(
      selection: predicate, namespaces: selection.netns, guarding: guarding,
      stateFolder: stateDir, names: SystemNumbers(resolvesNames: true), start: .now)
    switch try show(
      work, interval: interval, colors: color.isOn(for: output, environment: .ofProcess))
    {
    case .quit: break
    case .signal(let number): throw CommandFailure.silent(.afterSignal(number))
    }
  }

  /// Shows the view until it ends, and gives the terminal back.
  private func show(
    _ work: TopWork, interval: UInt64, colors: Bool
  ) throws(CommandFailure) -> TopSession.End {
    do {
      let inbox = try TopInbox()
      // Before any other thread: they are to have the signals blocked as well.
      let signals = try TerminalSignals()
      let screen = try CursesScreen(
        colors: colors, trustsEnvironment: !Rights.isElevated,
        width: { EscapedText.width(of: $0) })
      let model = TopModel(size: screen.size, interval: interval, names: SystemNames())
      var session = TopSession(model, on: screen, signals, inbox, work)
      return session.run()
    } catch let problem as ScreenProblem {
      throw CommandFailure(
        .usage, EscapedText.escaped("\(problem)"),
        remedy: "set TERM to what the terminal is, as TERM=xterm; 'connreap list' needs none")
    } catch {
      throw CommandFailure(.failed, "cannot start: \(error)")
    }
  }
}
