import ArgumentParser
import DescriptorActions
import Operations
import Reaping
import Rendering

/// The options for how `kill` closes.
struct MethodOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "destroy (RST, by the kernel), or through the program's own descriptor: shutdown (FIN), "
        + "abort (RST), keepalive (closes nothing; lets the kernel detect a dead peer)",
      valueName: "method"))
  var method: String?

  @Option(
    help: ArgumentHelp(
      "with --method keepalive: time before the first probe (default 60s)",
      valueName: "duration"))
  var keepaliveIdle: DurationArgument?

  @Option(
    help: ArgumentHelp("time between probes (default 10s)", valueName: "duration"))
  var keepaliveInterval: DurationArgument?

  @Option(
    help: ArgumentHelp(
      "unanswered probes before the kernel drops the connection (default 6)", valueName: "n"),
    transform: WholeNumber.read)
  var keepaliveCount: Int?

  @Option(
    help: ArgumentHelp(
      "also drop it if data stays unacknowledged for this long (default: unchanged)",
      valueName: "duration"))
  var userTimeout: DurationArgument?

  /// The requested method; nil without one.
  func chosen() throws(CommandFailure) -> ClosingMethod? {
    let settings = try settings()
    guard let method else {
      guard settings == nil else { throw Self.withoutKeepalive }
      return nil
    }
    guard let chosen = ClosingMethod(name: method, keepalive: settings ?? .standard) else {
      throw .unknown("method", method, of: "--method", among: ClosingMethod.names)
    }
    if settings != nil, chosen.closes { throw Self.withoutKeepalive }
    return chosen
  }

  private static let withoutKeepalive = CommandFailure(
    .usage,
    "--keepalive-idle, --keepalive-interval, --keepalive-count and --user-timeout "
      + "require --method keepalive")

  /// Whether any keepalive setting is given.
  var givesTimes: Bool {
    keepaliveIdle != nil || keepaliveInterval != nil || keepaliveCount != nil || userTimeout != nil
  }

  /// The keepalive settings; nil if none is given.
  private func settings() throws(CommandFailure) -> KeepaliveSettings? {
    guard givesTimes else { return nil }
    let standard = KeepaliveSettings.standard
    let idle = try keepaliveIdle?.keepaliveSeconds(of: "--keepalive-idle") ?? standard.idle
    let interval =
      try keepaliveInterval?.keepaliveSeconds(of: "--keepalive-interval") ?? standard.interval
    let count = keepaliveCount ?? Int(standard.count)
    guard (1...Int(KeepaliveSettings.maximumCount)).contains(count) else {
      throw CommandFailure(
        .usage, "--keepalive-count must be from 1 to \(KeepaliveSettings.maximumCount)")
    }
    let timeout = try userTimeout?.milliseconds(
      of: "--user-timeout", in: 1...UInt64(Int32.max),
      otherwise: "the kernel accepts 1ms to \(Int32.max / 1000 / 86_400)d")
    return KeepaliveSettings(
      idle: idle, interval: interval, count: Int32(count), userTimeout: timeout.map(UInt32.init))
  }
}

extension DurationArgument {
  /// Whole seconds in the kernel's range for keepalive.
  fileprivate func keepaliveSeconds(of option: String) throws(CommandFailure) -> Int32 {
    let maximumSeconds = UInt64(KeepaliveSettings.maximumSeconds)
    let otherwise = "the kernel accepts whole seconds, from 1s to \(maximumSeconds)s"
    let milliseconds = try milliseconds(
      of: option, in: 1000...maximumSeconds * 1000, otherwise: otherwise)
    guard milliseconds.isMultiple(of: 1000) else {
      throw CommandFailure(.usage, "\(option): \(otherwise)")
    }
    return Int32(milliseconds / 1000)
  }
}
