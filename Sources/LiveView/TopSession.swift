import Connections
import Glibc
import Operations
import Presentation
import ProcessTable
import Reaping
package import Screens
import SystemPackage
import Threads

/// Runs the live view: passes keys, signals and results of other threads to the model, and draws
/// it.
package struct TopSession: ~Copyable {
  private var model: TopModel
  private var screen: CursesScreen
  private let signals: TerminalSignals
  private let inbox: TopInbox
  private let work: TopWork

  private var isScanning = false
  /// Whether to scan at once, regardless of the interval.
  private var isScanWanted = true
  private var pace = ScanPace()
  private var isClosing = false
  /// Judges answers to the question shown; nil if there is none.
  private var confirmation: TopConfirmation?
  /// Why the view ends; nil while it runs.
  private var end: End?

  /// How the view ended.
  package enum End: Equatable {
    case quit
    case signal(Int32)
  }

  package init(
    _ model: TopModel, on screen: consuming CursesScreen, _ signals: consuming TerminalSignals,
    _ inbox: TopInbox, _ work: TopWork
  ) {
    self.model = model
    self.screen = screen
    self.signals = signals
    self.inbox = inbox
    self.work = work
  }

  /// Runs until the user quits or a signal ends it.
  package mutating func run() -> End {
    while true {
      scanIfDue()
      screen.draw(model.picture)
      wait()
      // Finish closing first, including verification and the audit log.
      if let end, !isClosing { return end }
    }
  }

  /// Waits for input, a signal, a result or a deadline, and handles everything that has arrived.
  private mutating func wait() {
    let readable = Int16(POLLIN)
    var waiting = [
      pollfd(fd: STDIN_FILENO, events: readable, revents: 0),
      pollfd(fd: signals.descriptor.rawValue, events: readable, revents: 0),
      pollfd(fd: inbox.bell.rawValue, events: readable, revents: 0),
    ]
    // Ignore keys once the view is ending; a closed terminal would stay readable forever.
    if end != nil { waiting[0].fd = -1 }
    guard unsafe poll(&waiting, nfds_t(waiting.count), pause) >= 0 else { return }
    if waiting[1].revents != 0 { for request in signals.take() { follow(request) } }
    if waiting[2].revents != 0 { for delivery in inbox.take() { take(delivery) } }
    guard end == nil else { return }
    if waiting[0].revents != 0 {
      let inputs = screen.readInputs()
      if inputs.isEmpty, waiting[0].revents & Int16(POLLHUP | POLLERR) != 0 {
        end = .signal(SIGHUP)
      } else if !inputs.isEmpty {
        take(inputs)
      }
    }
    if let key = confirmation?.takeAnswer(at: .now) { answer(key) }
  }

  private mutating func take(_ inputs: [ScreenInput]) {
    guard confirmation != nil else { return perform(model.handle(inputs)) }
    // The mouse scrolls, but does not answer.
    let answers = inputs.filter { if case .mouse = $0 { false } else { true } }
    if answers.count < inputs.count {
      perform(model.handle(inputs.filter { if case .mouse = $0 { true } else { false } }))
    }
    guard !answers.isEmpty else { return }
    switch confirmation?.decide(answers, at: .now) {
    case nil, .wait: break
    case .take(let key): answer(key)
    case .ignore: model.ignoreAnswer()
    }
  }

  private mutating func answer(_ key: ScreenKey) {
    perform(model.handle(key))
    if !model.asks { confirmation = nil }
  }

  /// The time until the next scan or deadline, in milliseconds; -1 for none.
  private var pause: Int32 {
    guard end == nil else { return -1 }
    var times = confirmation?.deadline.map { [$0] } ?? []
    if !isScanning, !model.isPaused,
      let next = pace.next(interval: model.intervalTime, used: ScanPace.used)
    {
      times.append(next)
    }
    guard let next = times.min() else { return -1 }
    return Int32(max(0, ((next - .now) / .milliseconds(1)).rounded(.up)))
  }

  private mutating func follow(_ request: TerminalSignals.Request) {
    switch request {
    case .resize:
      screen.updateSize()
      model.resize(to: screen.size)
    case .suspend:
      screen.leave()
      signals.suspend()
      reclaim()
    case .resume: reclaim()
    case .end(let number):
      end = end ?? .signal(number)
      Interruption.remember(signal: number)
    }
  }

  /// Takes the terminal back after the process was suspended.
  private mutating func reclaim() {
    screen.reclaim()
    model.resize(to: screen.size)
  }

  private mutating func take(_ delivery: TopInbox.Delivery) {
    switch delivery {
    case .scanned(let result):
      isScanning = false
      model.pace = pace.pace(interval: model.intervalTime, used: ScanPace.used)
      // While paused, only the first scan and requested ones are shown.
      if model.isPaused, model.scan != nil, !isScanWanted { return }
      switch result {
      case .success(let scan): model.take(scan)
      case .failure(let failure): model.fail(failure)
      }
    case .lookedUp(let text, let result): perform(model.lookedUp(text, result))
    case .planned(let result, let text, let number):
      model.planned(result, text: text, number: number)
      // Input typed before the question is visible cannot answer it.
      screen.draw(model.picture)
      screen.discardInputs()
      confirmation =
        model.asks
        ? TopConfirmation(shownAt: .now, asksForNumber: model.numberToType != nil) : nil
    case .closed(let outcomes):
      isClosing = false
      perform(model.closed(outcomes))
    }
  }

  private mutating func perform(_ effects: [TopModel.Effect]) {
    let (work, inbox) = (work, inbox)
    let filter = model.wanted
    for effect in effects {
      switch effect {
      case .quit: end = end ?? .quit
      case .redraw: screen.invalidate()
      case .useMouse(let isOn): screen.setMouse(isOn: isOn)
      case .copy(let text):
        model.message =
          screen.copy(text)
          ? "copied \(text) to the terminal's clipboard"
          : "this terminal has no clipboard: \(text)"
      case .scan: isScanWanted = true
      case .lookUp(let text): start { inbox.deliver(.lookedUp(text, work.lookUp(text))) }
      case .plan(let chosen, let number):
        start {
          let plan = Result { () throws(CommandFailure) in
            try work.plan(chosen, filter: filter.predicate)
          }
          let text = (try? plan.get()).map {
            ConnectionText(snapshot: $0.snapshot, names: work.names)
          }
          inbox.deliver(.planned(plan, text, number: number))
        }
      case .close(let plan):
        isClosing = true
        start { inbox.deliver(.closed(work.close(plan, filter: filter))) }
      }
    }
  }

  /// Starts the next scan if it is due. Only one runs at a time.
  private mutating func scanIfDue() {
    guard !isScanning, end == nil else { return }
    let next = pace.next(interval: model.intervalTime, used: ScanPace.used)
    let isDue = next.map { $0 <= .now } ?? true
    guard isScanWanted || (isDue && !model.isPaused) else { return }
    isScanWanted = false
    isScanning = true
    pace.begin(at: .now, used: ScanPace.used)
    let (work, inbox, filter) = (work, inbox, model.wanted)
    start {
      inbox.deliver(
        .scanned(Result { () throws(CommandFailure) in try work.scan(filter) }))
    }
  }

  /// Runs `body` on another thread without waiting for it, so that quitting never waits for a scan.
  private func start(_ body: @escaping @Sendable () -> Void) {
    let work = ParallelWork.start(threads: 1, body)
    if work.isEmpty { body() }
    work.detach()
  }
}

extension TopModel {
  /// The scan interval.
  fileprivate var intervalTime: Duration { .milliseconds(Int64(interval)) }
}
