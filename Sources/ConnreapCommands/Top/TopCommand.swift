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
    abstract: "Shows connections live with their rates, and closes those you mark.",
    discussion: """
      It shows the same as list, at an interval, with bytes sent and received per second, grouped \
      by program, those with the most connections in CLOSE-WAIT first. Enter opens a group or \
      shows the details of a connection, arrows move, s sorts, / filters while you type, g \
      changes the grouping, F2 chooses columns, space marks, k closes the marked connections like \
      kill, with its plan, guards and question. F1 or ? shows all keys, q quits. A plan above \
      --max asks for its number. top takes at most a tenth of a processor core.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(help: ArgumentHelp("time between scans (default 2s)", valueName: "duration"))
  var interval: DurationArgument?

  @Option(help: ArgumentHelp("group by this key at the start", valueName: "key"))
  var by = TopGrouping.standard

  @OptionGroup var guardOptions: GuardOptions

  @Option(
    help: ArgumentHelp("directory of the audit log and the history", valueName: "directory"))
  var stateDir: String?

  @Option(help: .color)
  var color = ColorChoice.auto

  var needs: Capabilities {
    // A filter that is typed later may use marks.
    Capabilities.scan(selection, on: .kernel()).union(PrivilegedStep.closing.needs)
  }

  private static let defaultInterval: UInt64 = 2000

  func run() throws {
    let predicate = try selection.predicate(names: SystemNames())
    let interval = try interval?.interval(of: "--interval") ?? Self.defaultInterval
    let guarding = try guardOptions.settings()
    let output = Terminal.of(Standard.output, columns: nil)
    guard output.isTerminal, Terminal.of(.standardInput, columns: nil).isTerminal else {
      throw CommandFailure(
        .usage, "top needs a terminal for its output and for keys",
        remedy:
          "use 'connreap list', or 'connreap stats --watch 2s' to count repeatedly")
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

  /// Shows the view until it ends, then restores the terminal.
  private func show(
    _ work: TopWork, interval: UInt64, colors: Bool
  ) throws(CommandFailure) -> TopSession.End {
    do {
      let inbox = try TopInbox()
      // Before other threads start, since they inherit the blocked signals.
      let signals = try TerminalSignals()
      let screen = try CursesScreen(
        colors: colors, trustsEnvironment: !Rights.isElevated,
        width: { EscapedText.width(of: $0) })
      let model = TopModel(
        size: screen.size, interval: interval, names: SystemNames(),
        grouping: by.grouping, maximum: work.guarding.maximum)
      var session = TopSession(model, on: screen, signals, inbox, work)
      return session.run()
    } catch let problem as ScreenProblem {
      throw CommandFailure(
        .usage, EscapedText.escaped("\(problem)"),
        remedy: "set TERM, for example TERM=xterm, or use 'connreap list'")
    } catch {
      throw CommandFailure(.failed, "cannot start: \(error)")
    }
  }
}
