import Connections
import Glibc
package import Presentation
package import Rendering

/// When, where, by whom and by which command a plan was made.
package struct PlanOrigin: Equatable {
  /// The time on the clock.
  package let time: LogTime
  /// The time since boot in milliseconds (`CLOCK_BOOTTIME`). Setting the clock does not change it.
  package let uptime: UInt64
  /// The name of the machine (uname(2)).
  package let host: String
  /// The effective user.
  package let userID: UInt32
  package let user: String?
  /// The user who called sudo (`SUDO_USER`).
  package let sudoUser: String?
  /// The whole command line.
  package let command: String
  /// The version of connreap.
  package let version: String

  /// How far in the future a plan may be, in milliseconds, as the clocks are read separately.
  private static let tolerance: Int64 = 1000

  /// The origin of a plan that this process makes now; nil if the host has no name.
  package static func current(_ names: SystemNumbers) -> PlanOrigin? {
    guard let host = Uname.hostName else { return nil }
    return PlanOrigin(
      time: .now, uptime: sinceBoot, host: host, userID: geteuid(), user: names.userName(geteuid()),
      sudoUser: Rights.isElevated ? nil : Environment.ofProcess["SUDO_USER"],
      command: CommandLineWords.text, version: Version.text)
  }

  /// The time since boot in milliseconds.
  package static var sinceBoot: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
  }

  /// The age in milliseconds, by the clock or by the time since boot, whichever is longer.
  ///
  /// - Throws: if the plan is from the future by either of them.
  package func age(at now: LogTime, sinceBoot uptime: UInt64) throws(PlanFileProblem) -> UInt64 {
    let byClock = now.milliseconds - time.milliseconds
    guard byClock >= -Self.tolerance else {
      throw PlanFileProblem("time", "\(time.text) is in the future: the clock shows \(now.text)")
    }
    guard uptime + UInt64(Self.tolerance) >= self.uptime else {
      throw PlanFileProblem("uptime_ms", "in the future: the machine has been up for \(uptime) ms")
    }
    return max(UInt64(max(0, byClock)), uptime - min(uptime, self.uptime))
  }

  /// The method that the command line names, if any.
  package var method: String? {
    let words = command.split(separator: " ")
    var method: String?
    for (index, word) in words.enumerated() {
      if word == "--method", index + 1 < words.count { method = String(words[index + 1]) }
      if word.hasPrefix("--method=") { method = String(word.dropFirst("--method=".count)) }
    }
    return method
  }
}

extension PlanOrigin {
  package func write(to json: inout JSONWriter) {
    json.member("time", time.text)
    json.member("uptime_ms", uptime)
    json.member("host", host)
    json.object("made_by") { json in
      json.member("uid", userID)
      json.member("user", user)
      json.member("sudo_user", sudoUser)
      json.member("command", command)
      json.member("version", version)
    }
  }

  /// Reads the origin from the plan `value`.
  package init(_ value: JSONValue) throws(PlanFileProblem) {
    guard let text = value["time"]?.text, let time = LogTime(text), text.contains("T") else {
      throw PlanFileProblem("time", "missing, or not an RFC 3339 time")
    }
    guard let uptime = value["uptime_ms"]?.number(UInt64.self), uptime < UInt64(Int64.max) else {
      throw PlanFileProblem("uptime_ms", "missing, or not a number")
    }
    guard let host = value["host"]?.text, !host.isEmpty else {
      throw PlanFileProblem("host", "missing host name")
    }
    guard let maker = value["made_by"], case .object = maker else {
      throw PlanFileProblem("made_by", "missing")
    }
    guard let userID = maker["uid"]?.number(UInt32.self) else {
      throw PlanFileProblem("made_by.uid", "missing, or not a number")
    }
    for name in ["user", "sudo_user"] {
      if let value = maker[name], value.text == nil {
        throw PlanFileProblem("made_by.\(name)", "not a string")
      }
    }
    guard let command = maker["command"]?.text else {
      throw PlanFileProblem("made_by.command", "missing command line")
    }
    guard let version = maker["version"]?.text else {
      throw PlanFileProblem("made_by.version", "missing version")
    }
    self.init(
      time: time, uptime: uptime, host: host, userID: userID, user: maker["user"]?.text,
      sudoUser: maker["sudo_user"]?.text, command: command, version: version)
  }
}
