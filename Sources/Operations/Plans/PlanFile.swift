package import Connections
import DescriptorActions
import Presentation
package import Reaping
import Rendering
import SystemPackage

/// A plan that `kill --dry-run -o json` printed, read back.
///
/// It only names connections: whether each may be closed is judged again. An edited plan can only
/// omit connections. If its parts contradict each other, it is refused.
package struct PlanFile: Equatable {
  /// The boot in which its cookies are valid.
  package let bootID: String
  package let origin: PlanOrigin
  package let method: ClosingMethod
  /// The connections to close, in the order of the plan.
  package let closings: [Planned]

  /// One connection, and the inode of its network namespace.
  package struct Planned: Equatable {
    package let connection: Connection
    package let networkNamespace: UInt64

    package init(connection: Connection, networkNamespace: UInt64) {
      self.connection = connection
      self.networkNamespace = networkNamespace
    }
  }

  /// The version of the format.
  package static let version: UInt32 = 2

  /// The size limit in bytes. A plan with a million connections has about 1 GB.
  package static let sizeLimit = 2 << 30

  /// Whether a file that starts with `bytes` can be a plan.
  private static func canStart(with bytes: ArraySlice<UInt8>) -> Bool {
    let first = bytes.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }
    return first == UInt8(ascii: "{") || first == nil
  }

  package init(path: String) throws(CommandFailure) {
    let name = EscapedText.escaped(path)
    let bytes = try FileContents.read(path, limit: Self.sizeLimit, while: Self.canStart)
    do throws(PlanFileProblem) {
      try self.init(bytes)
    } catch {
      throw CommandFailure(
        .badData, "\(name): \(EscapedText.escaped(error.description))",
        remedy: "a plan is what 'connreap kill --dry-run -o json' prints")
    }
  }

  package init(_ bytes: [UInt8]) throws(PlanFileProblem) {
    let value: JSONValue
    do throws(JSONProblem) {
      value = try JSONParser.parse(bytes[...])
    } catch {
      throw PlanFileProblem(error, in: bytes)
    }
    guard case .object = value else { throw PlanFileProblem("", "a plan is a JSON object") }
    guard value["policies"] == nil else {
      throw PlanFileProblem(
        "policies", "this is a plan of policies; run 'connreap policy apply'")
    }
    guard value["version"]?.number(UInt32.self) == Self.version else {
      throw PlanFileProblem("version", "this connreap reads plans of version \(Self.version)")
    }
    guard let bootID = value["boot_id"]?.text else {
      throw PlanFileProblem("boot_id", "missing boot ID")
    }
    guard let connections = value["connections"]?.elements else {
      throw PlanFileProblem("connections", "missing list")
    }
    self.bootID = bootID
    origin = try PlanOrigin(value)
    method = try Self.method(value, of: origin)
    var closings: [Planned] = []
    var seen: Set<SocketCookie> = []
    for (index, element) in connections.enumerated() {
      let location = "connections[\(index)]"
      switch element["decision"]?.text {
      case "spare": continue
      case "close" where element["reason"] != nil:
        throw PlanFileProblem(
          "\(location).decision", "it was edited: the reason shows that this connection is spared")
      case "close": break
      default: throw PlanFileProblem("\(location).decision", "must be \"close\" or \"spare\"")
      }
      let planned = try Self.planned(element, at: location)
      guard seen.insert(planned.connection.cookie).inserted else {
        throw PlanFileProblem("\(location).cookie", "duplicate")
      }
      closings.append(planned)
    }
    guard let planned = value["summary"]?["close"]?.number(Int.self) else {
      throw PlanFileProblem("summary.close", "missing, or not a number")
    }
    guard closings.count <= planned else {
      throw PlanFileProblem(
        "connections",
        "\(closings.count) would be closed, but the plan was made for \(planned)")
    }
    self.closings = closings
  }

  private static func planned(
    _ value: JSONValue, at location: String
  ) throws(PlanFileProblem) -> Planned {
    guard let connection = Connection(recorded: value), value["inode"]?.number(UInt32.self) != nil
    else {
      let wanted = ["family", "state", "local", "peer", "cookie", "inode"]
      let missing = wanted.first { value[$0] == nil }
      throw PlanFileProblem(
        location + (missing.map { ".\($0)" } ?? ""),
        missing == nil ? "not a connection" : "missing")
    }
    guard let namespace = value["netns"]?.number(UInt64.self) else {
      throw PlanFileProblem("\(location).netns", "missing network namespace")
    }
    return Planned(connection: connection, networkNamespace: namespace)
  }

  private static func method(
    _ value: JSONValue, of origin: PlanOrigin
  ) throws(PlanFileProblem) -> ClosingMethod {
    guard let name = value["method"]?.text, let method = ClosingMethod(name: name) else {
      // An empty plan has no method.
      if value["method"] == nil, value["connections"]?.elements?.isEmpty == true { return .destroy }
      throw PlanFileProblem(
        "method", "must be one of " + ClosingMethod.names.joined(separator: ", "))
    }
    let asked = origin.method ?? ClosingMethod.destroy.name
    guard asked == name else {
      throw PlanFileProblem("method", "it was edited: the plan was made for \(asked)")
    }
    guard !method.closes, let times = value["keepalive"] else { return method }
    guard let idle = times["idle_s"]?.number(Int32.self),
      let interval = times["interval_s"]?.number(Int32.self),
      let count = times["count"]?.number(Int32.self),
      let settings = KeepaliveSettings(
        idle: idle, interval: interval, count: count,
        userTimeout: times["user_timeout_ms"]?.number())
    else {
      throw PlanFileProblem("keepalive", "the kernel does not accept these times")
    }
    return .keepalive(settings)
  }
}
