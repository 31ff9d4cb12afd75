/// The kernel's counters in one file, by section and name: `["Tcp", "CurrEstab"]`.
public struct ProtocolCounters: Equatable, Sendable {
  private let sections: [String: [String: Int64]]

  /// The counter `name` of `section`; nil if the kernel has none, or its value is not a number.
  public subscript(section: String, name: String) -> Int64? { sections[section]?[name] }

  /// The files with counters, below the root.
  public enum File: String, Sendable {
    /// The counters of the MIBs; see RFC 4022.
    case snmp = "net/snmp"
    /// Linux-specific counters: `TcpExt`.
    case netstat = "net/netstat"
    /// The number of sockets, and the memory of their buffers. `inuse` and `tw` cover the network
    /// namespace, the others the machine.
    case sockstat = "net/sockstat"
    /// The same for IPv6.
    case sockstat6 = "net/sockstat6"
  }

  init(_ content: [UInt8], of file: File) {
    let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: " ") }
    var sections: [String: [String: Int64]] = [:]
    func add(_ section: Substring, _ name: Substring, _ value: Substring) {
      guard let value = Int64(value) else { return }
      sections[String(section.dropLast()), default: [:]][String(name)] = value
    }
    switch file {
    case .snmp, .netstat:
      // A line of names, then a line of values that starts with the same word.
      for (names, values) in zip(lines, lines.dropFirst()) {
        guard let section = names.first, section == values.first, names.count == values.count
        else { continue }
        for (name, value) in zip(names, values).dropFirst() { add(section, name, value) }
      }
    case .sockstat, .sockstat6:
      for words in lines {
        for index in stride(from: 1, to: words.count - 1, by: 2) {
          add(words[0], words[index], words[index + 1])
        }
      }
    }
    self.sections = sections
  }
}

extension ProcFileSystem {
  /// The counters in `file`, for the reader's network namespace.
  public func counters(_ file: ProtocolCounters.File) throws(ProcessProblem) -> ProtocolCounters {
    ProtocolCounters(try bytes(of: file.rawValue), of: file)
  }

  /// The numbers of a kernel setting (sysctl), such as `net.ipv4.tcp_mem`.
  public func setting(_ name: String) throws(ProcessProblem) -> [Int64] {
    let path = "sys/" + name.split(separator: ".").joined(separator: "/")
    let words = String(decoding: try bytes(of: path), as: UTF8.self).split { $0.isWhitespace }
    let numbers = words.compactMap { Int64($0) }
    guard !numbers.isEmpty, numbers.count == words.count else {
      throw .malformed(self.path(to: path))
    }
    return numbers
  }
}
