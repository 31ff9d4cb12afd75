package import Connections
import Presentation
package import ProcessTable

/// The descriptors that a process has open and may open.
package struct DescriptorRoom: Equatable {
  /// The number of open descriptors; nil if unknown.
  package var open: Int?
  /// The maximum number of descriptors; nil if unknown or unlimited.
  package var limit: Int?

  package init(open: Int? = nil, limit: Int? = nil) {
    self.open = open
    self.limit = limit
  }

  /// The number of descriptors that it may still open; nil if unknown or unlimited.
  package var left: Int? {
    guard let open, let limit else { return nil }
    return max(0, limit - open)
  }

  /// How long they last at this growth, in milliseconds; nil without growth or if unknown.
  package func timeLeft(growthPerHour growth: Int) -> UInt64? {
    guard let left, growth > 0 else { return nil }
    let (product, overflow) = left.multipliedReportingOverflow(by: 3_600_000)
    return overflow ? nil : UInt64(product / growth)
  }
}

extension DescriptorRoom {
  /// The descriptors of `process`; nil if its pid now belongs to another process.
  package init?(of process: OwnerProcess, _ processes: ProcFileSystem) {
    guard let start = process.identity.startTicks,
      (try? processes.startTicks(of: process.pid)) == start
    else { return nil }
    open = try? processes.descriptorCount(of: process.pid)
    limit = (try? processes.descriptorLimit(of: process.pid)) ?? nil
  }
}
