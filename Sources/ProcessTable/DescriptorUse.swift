internal import SystemPackage

/// How many descriptors a process has open, and how many it may have.
public struct DescriptorUse: Equatable, Sendable {
  /// The process.
  public let pid: Int32
  /// How many are open.
  public let open: Int
  /// How many may be (`RLIMIT_NOFILE`, the soft limit).
  public let limit: Int

  /// The use of the process with `pid`.
  public init(pid: Int32, open: Int, limit: Int) {
    self.pid = pid
    self.open = open
    self.limit = limit
  }

  /// How much of the limit is used: 1 at the limit.
  public var share: Double { Double(open) / Double(max(limit, 1)) }
}

extension ProcFileSystem {
  /// The use of each process that has a limit and tells of both, in the order of the kernel.
  ///
  /// Linux 6.2 and later tell it of all processes, older ones only of those whose descriptors may
  /// be read.
  public func descriptorUse() throws(ProcessProblem) -> [DescriptorUse] {
    try pids().compactMap { pid in
      guard let limit = try? descriptorLimit(of: pid), let open = try? descriptorCount(of: pid)
      else { return nil }
      return DescriptorUse(pid: pid, open: open, limit: limit)
    }
  }

  /// How many descriptors the process may have open; nil without a limit.
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

  /// The ports that the kernel chooses from for connections that programs make: the range of
  /// `net.ipv4.ip_local_port_range`, and how many of them are left when those of
  /// `net.ipv4.ip_local_reserved_ports` are taken away.
  public func ephemeralPorts() throws(ProcessProblem) -> (
    range: ClosedRange<UInt16>, available: Int
  ) {
    let name = "net.ipv4.ip_local_port_range"
    let ends = try setting(name).compactMap { UInt16(exactly: $0) }
    guard ends.count == 2, ends[0] <= ends[1] else { throw .malformed(path(to: name)) }
    let range = ends[0]...ends[1]
    let reserved = try reservedPorts()
    return (range, range.count { port in !reserved.contains { $0.contains(port) } })
  }

  /// `8080,9000-9100`; empty where there are none.
  private func reservedPorts() throws(ProcessProblem) -> [ClosedRange<UInt16>] {
    let name = "sys/net/ipv4/ip_local_reserved_ports"
    let content: [UInt8]
    do { content = try bytes(of: name) } catch {
      // Not to be found in a copy of /proc, nor before Linux 2.6.35.
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
