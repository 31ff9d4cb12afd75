package import Connections
import Presentation
package import ProcessTable

/// How much room a process has left for descriptors.
package struct DescriptorRoom: Equatable {
  /// How many it has open; nil when unknown.
  package var open: Int?
  /// How many it may have open; nil when unknown or without a limit.
  package var limit: Int?

  package init(open: Int? = nil, limit: Int? = nil) {
    self.open = open
    self.limit = limit
  }

  /// How many it may still open; nil when unknown or without a limit.
  package var left: Int? {
    guard let open, let limit else { return nil }
    return max(0, limit - open)
  }

  /// How long they last when so many are opened an hour, in milliseconds; nil when none is, or when
  /// that is unknown.
  package func timeLeft(growthPerHour growth: Int) -> UInt64? {
    guard let left, growth > 0 else { return nil }
    let (product, overflow) = left.multipliedReportingOverflow(by: 3_600_000)
    return overflow ? nil : UInt64(product / growth)
  }
}

extension DescriptorRoom {
  /// That of `process`; nil when it is another one by now.
  package init?(of process: OwnerProcess, _ processes: ProcFileSystem) {
    guard let start = process.identity.startTicks,
      (try? processes.startTicks(of: process.pid)) == start
    else { return nil }
    open = try? processes.descriptorCount(of: process.pid)
    limit = (try? processes.descriptorLimit(of: process.pid)) ?? nil
  }
}
