import ArgumentParser
import Connections
import DescriptorActions
import LiveView
import Operations
import Reaping
import Rendering
import Reports

/// The options that say how `kill` closes.
struct MethodOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "destroy (RST, by the kernel), or through the program's own descriptor: shutdown (FIN), "
        + "abort (RST), keepalive (closes nothing: has the kernel find a dead peer)",
      valueName: "method"))
  var method: String?

  @Option(
    help: ArgumentHelp(
      "with --method keepalive: the first probe after so long (default 60s)",
      valueName: "duration"))
  var keepaliveIdle: String?

  @Option(
    help: ArgumentHelp("the time between two probes (default 10s)", valueName: "duration"))
  var keepaliveInterval: String?

  @Option(
    help: ArgumentHelp("unanswered probes until it is given up (default 6)", valueName: "n"),
    transform: WholeNumber.read)
  var keepaliveCount: Int?

  @Option(
    help: ArgumentHelp(
      "give it up too when data is not taken for so long (default: as the program has it)",
      valueName: "duration"))
  var userTimeout: String?

  /// The method that is asked for; nil when none is.
  func chosen() throws(CommandFailure) -> ClosingMethod? {
    let settings = try settings()
    guard let method else {
      guard settings == nil else { throw Self.withoutKeepalive }
      return nil
    }
    guard let chosen = ClosingMethod(name: method, keepalive: settings ?? .usual) else {
      throw CommandFailure(
        .usage, "--method: unknown method \"\(EscapedText.escaped(method))\"",
        remedy: "the methods are " + ClosingMethod.names.joined(separator: ", "))
    }
    if settings != nil, chosen.closes { throw Self.withoutKeepalive }
    return chosen
  }

  private static let withoutKeepalive = CommandFailure(
    .usage,
    "--keepalive-idle, --keepalive-interval, --keepalive-count and --user-timeout "
      + "go with --method keepalive")

  /// Whether any time or number of keepalive is given.
  var givesTimes: Bool {
    keepaliveIdle != nil || keepaliveInterval != nil || keepaliveCount != nil || userTimeout != nil
  }

  /// The times of keepalive; nil when none is given.
  private func settings() throws(CommandFailure) -> KeepaliveSettings? {
    guard givesTimes else { return nil }
    let usual = KeepaliveSettings.usual
    let idle = try Self.seconds(keepaliveIdle, of: "--keepalive-idle") ?? usual.idle
    let interval = try Self.seconds(keepaliveInterval, of: "--keepalive-interval") ?? usual.interval
    let count = keepaliveCount ?? Int(usual.count)
    guard (1...Int(KeepaliveSettings.most)).contains(count) else {
      throw CommandFailure(
        .usage, "--keepalive-count is a number from 1 to \(KeepaliveSettings.most)")
    }
    let timeout = try Self.milliseconds(userTimeout, of: "--user-timeout")
    guard let milliseconds = timeout.map({ $0 > 0 ? Int32(exactly: $0) : nil }) ?? 0 else {
      throw CommandFailure(
        .usage, "--user-timeout: the kernel takes 1ms to \(Int32.max / 1000 / 86_400)d")
    }
    return KeepaliveSettings(
      idle: idle, interval: interval, count: Int32(count),
      userTimeout: timeout == nil ? nil : UInt32(milliseconds))
  }

  private static func seconds(
    _ text: String?, of option: String
  ) throws(CommandFailure) -> Int32? {
    guard let milliseconds = try milliseconds(text, of: option) else { return nil }
    let longest = UInt64(KeepaliveSettings.longest)
    guard milliseconds.isMultiple(of: 1000), (1...longest).contains(milliseconds / 1000) else {
      throw CommandFailure(
        .usage, "\(option): the kernel takes whole seconds, from 1s to \(longest)s")
    }
    return Int32(milliseconds / 1000)
  }

  private static func milliseconds(
    _ text: String?, of option: String
  ) throws(CommandFailure) -> UInt64? {
    guard let text else { return nil }
    do {
      return try DurationText.parse(text)
    } catch {
      let lead = "  \(option) "
      let caret = Caret(line: lead + text, at: error.range, from: lead.utf8.count)
      throw CommandFailure(.usage, "\(option): \(error)", remedy: caret.text)
    }
  }
}
