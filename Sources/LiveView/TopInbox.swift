import Connections
import Glibc
package import Operations
package import Presentation
package import Reaping
import Scanning
package import Selection
import Synchronization
package import SystemPackage

/// Results that worker threads deliver to the drawing thread, and a pipe that wakes it.
package final class TopInbox: Sendable {
  /// A result of a worker thread.
  package enum Delivery: Sendable {
    case scanned(Result<TopScan, CommandFailure>)
    case lookedUp(String, Result<SelectionPredicate, FilterProblem>)
    case planned(Result<Plan, CommandFailure>, ConnectionText?, number: Int)
    case closed(TopOutcomes)
  }

  /// The read end of the pipe; readable once something has been delivered.
  package let bell: FileDescriptor
  private let writeEnd: FileDescriptor
  private let waiting = Mutex<[Delivery]>([])

  package init() throws(Errno) {
    do {
      let pipe = try FileDescriptor.pipe(options: .closeOnExec)
      (bell, writeEnd) = (pipe.readEnd, pipe.writeEnd)
    } catch {
      throw error
    }
  }

  // Worker threads may outlive the view and still deliver. They hold this object, which keeps the
  // pipe open.
  deinit {
    try? bell.close()
    try? writeEnd.close()
  }

  /// Adds a result and wakes the drawing thread.
  package func deliver(_ delivery: Delivery) {
    waiting.withLock { $0.append(delivery) }
    _ = try? writeEnd.writeAll([1])
  }

  /// Returns everything delivered since the last call. Call it only when ``bell`` is readable.
  package func take() -> [Delivery] {
    var byte: UInt8 = 0
    _ = unsafe read(bell.rawValue, &byte, 1)
    return waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
