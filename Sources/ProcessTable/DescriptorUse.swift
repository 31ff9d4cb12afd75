internal import SystemPackage

/// How many descriptors a process has open, and its limit.
public struct DescriptorUse: Equatable, Sendable {
  /// The process ID.
  public let pid: Int32
  /// The number of open descriptors.
  public let open: Int
  /// The soft limit (`RLIMIT_NOFILE`).
  public let limit: Int

  /// The descriptor use of the process `pid`.
  public init(pid: Int32, open: Int, limit: Int) {
    self.pid = pid
    self.open = open
    self.limit = limit
  }

  /// The used part of the limit: 1 at the limit.
  public var share: Double { Double(open) / Double(max(limit, 1)) }
}

extension ProcFileSystem {
  /// The descriptor use of each process that has a limit and whose numbers can be read, in the
  /// kernel's order.
  ///
  /// Linux 6.2 and later report the count for all processes. Earlier kernels report it only for
  /// processes whose descriptors the reader may list.
  public func descriptorUse() throws(ProcessProblem) -> [DescriptorUse] {
    try pids().compactMap { pid in
      guard let limit = try? descriptorLimit(of: pid), let open = try? descriptorCount(of: pid)
      else { return nil }
      return DescriptorUse(pid: pid, open: open, limit: limit)
    }
  }

  /// The soft limit on open descriptors of the process; nil if unlimited.
  public func descriptorLimit(of pid: Int32) throws(ProcessProblem) -> Int? {
    let text = String(decoding: try bytes(of: "\(pid)/limits"), as: UTF8.self)
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.starts(with: ["Max", "open", "files"]), words.count >= 6 else { continue }
      if words[3] == "unlimited" { return nil }
      guard let limit = Int(words[3]), limit >= 0 else { break }
      return limit
    }
    throw .malformed(path(to: "\(pid)/limits"))
  }

  /// The kernel's range of ephemeral ports (`net.ipv4.ip_local_port_range`) in the network namespace
  /// of the calling thread.
  public func ephemeralPortRange() throws(ProcessProblem) -> ClosedRange<UInt16> {
    let name = "net.ipv4.ip_local_port_range"
    let ends = try setting(name).compactMap { UInt16(exactly: $0) }
    guard ends.count == 2, ends[0] <= ends[1] else { throw .malformed(path(to: name)) }
    return ends[0]...ends[1]
  }

  /// The range of ``ephemeralPortRange()``, and the number of its ports that are not reserved
  /// (`net.ipv4.ip_local_reserved_ports`).
  public func ephemeralPorts() throws(ProcessProblem) -> (
    range: ClosedRange<UInt16>, available: Int
  ) {
    let range = try ephemeralPortRange()
    let reserved = try reservedPorts()
    return (range, range.count { port in !reserved.contains { $0.contains(port) } })
  }

  /// Parses `8080,9000-9100`; empty if no port is reserved.
  private func reservedPorts() throws(ProcessProblem) -> [ClosedRange<UInt16>] {
    let name = "sys/net/ipv4/ip_local_reserved_ports"
    let content: [UInt8]
    do { content = try bytes(of: name) } catch {
      // Missing in a copy of /proc, and before Linux 2.6.35.
      guard error == .unreadable(path(to: name), .noSuchFileOrDirectory) else { throw error }
      return []
    }
    let text = String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    var ranges: [ClosedRange<UInt16>] = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-").map { UInt16($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
        ends.count <= 2
      else { throw .malformed(path(to: name)) }
      ranges.append(first...last)
    }
    return ranges
  }
}
