import Connections
import Glibc
import Operations
import Presentation
import ProcessTable
import Reaping
package import Screens
import SystemPackage
import Threads

/// Runs the live view: brings keys, signals and the work of other threads to the model, and shows
/// what it makes of them.
package struct TopSession: ~Copyable {
  private var model: TopModel
  private var screen: CursesScreen
  private let signals: TerminalSignals
  private let inbox: TopInbox
  private let work: TopWork

  private var isScanning = false
  /// Whether a scan is due at once, whatever the interval says.
  private var isScanWanted = true
  private var lastScan: ContinuousClock.Instant?
  private var isClosing = false
  /// Whether a key answers the question that is shown; nil when none is.
  private var confirmation: TopConfirmation?
  /// Why it ends; nil while it goes on.
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
      // What is being closed is brought to its end first: it is written down and verified.
      if let end, !isClosing { return end }
    }
  }

  /// Waits for whatever comes first, and deals with all that came.
  private mutating func wait() {
    let readable = Int16(POLLIN)
    var waiting = [
      pollfd(fd: STDIN_FILENO, events: readable, revents: 0),
      pollfd(fd: signals.descriptor.rawValue, events: readable, revents: 0),
      pollfd(fd: inbox.bell.rawValue, events: readable, revents: 0),
    ]
    // Once the end is near nobody's keys count, and a terminal that is gone would never be quiet.
    if end != nil { waiting[0].fd = -1 }
    guard unsafe poll(&waiting, nfds_t(waiting.count), pause) >= 0 else { return }
    if waiting[1].revents != 0 { for request in signals.take() { follow(request) } }
    if waiting[2].revents != 0 { for delivery in inbox.take() { take(delivery) } }
    guard end == nil else { return }
    if waiting[0].revents != 0 {
      let inputs = screen.takeInputs()
      if inputs.isEmpty, waiting[0].revents & Int16(POLLHUP | POLLERR) != 0 {
        end = .signal(SIGHUP)
      } else if !inputs.isEmpty {
        take(inputs)
      }
    }
    if confirmation?.takeAnswer(at: .now) == true { answer("y") }
  }

  private mutating func take(_ inputs: [ScreenInput]) {
    switch confirmation?.decide(inputs, at: .now) {
    case nil: perform(model.handle(inputs))
    case .take(let key): answer(key)
    case .wait: break
    case .ignore: model.isAnswerIgnored = true
    }
  }

  private mutating func answer(_ key: ScreenKey) {
    perform(model.handle(key))
    if !model.asks { confirmation = nil }
  }

  /// How long nothing need be done unasked, in milliseconds; -1 for ever.
  private var pause: Int32 {
    guard end == nil else { return -1 }
    var times = confirmation?.deadline.map { [$0] } ?? []
    if !isScanning, !model.isPaused, let lastScan {
      times.append(lastScan + .milliseconds(Int64(model.interval)))
    }
    guard let next = times.min() else { return -1 }
    return Int32(max(0, ((next - .now) / .milliseconds(1)).rounded(.up)))
  }

  private mutating func follow(_ request: TerminalSignals.Request) {
    switch request {
    case .resize:
      screen.takeNewSize()
      model.resize(to: screen.size)
    case .suspend:
      screen.leave()
      signals.suspend()
      takeBack()
    case .resume: takeBack()
    case .end(let number):
      end = end ?? .signal(number)
      Interruption.remember(signal: number)
    }
  }

  /// Takes the terminal again after others had it.
  private mutating func takeBack() {
    screen.takeBack()
    model.resize(to: screen.size)
  }

  private mutating func take(_ delivery: TopInbox.Delivery) {
    switch delivery {
    case .scanned(let result):
      isScanning = false
      // While it was paused, the picture stands still; the first one is always taken.
      if model.isPaused, model.scan != nil, !isScanWanted { return }
      switch result {
      case .success(let scan): model.take(scan)
      case .failure(let failure): model.fail(failure)
      }
    case .lookedUp(let text, let result): perform(model.lookedUp(text, result))
    case .planned(let result, let text, let number):
      model.planned(result, text: text, number: number)
      // What was typed before the question could be read is no answer to it.
      screen.draw(model.picture)
      screen.discardInputs()
      confirmation = model.asks ? TopConfirmation(shownAt: .now) : nil
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
      case .redraw: screen.drawAllAgain()
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

  /// Starts the next scan when it is time. One never runs beside another.
  private mutating func scanIfDue() {
    guard !isScanning, end == nil else { return }
    let isDue = lastScan.map { .now - $0 >= .milliseconds(Int64(model.interval)) } ?? true
    guard isScanWanted || (isDue && !model.isPaused) else { return }
    isScanWanted = false
    isScanning = true
    lastScan = .now
    let (work, inbox, filter) = (work, inbox, model.wanted)
    start {
      inbox.deliver(
        .scanned(Result { () throws(CommandFailure) in try work.scan(filter) }))
    }
  }

  /// Starts `body` on another thread, and does not wait for it: a scan may take long, and quitting
  /// not.
  private func start(_ body: @escaping @Sendable () -> Void) {
    let work = ParallelWork.start(threads: 1, body)
    if work.isEmpty { body() }
    work.detach()
  }
}
