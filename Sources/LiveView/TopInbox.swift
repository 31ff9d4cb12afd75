import Connections
import Glibc
package import Operations
package import Presentation
package import Reaping
import Scanning
package import Selection
import Synchronization
package import SystemPackage

/// What other threads have for the one that draws, and the bell that wakes it.
package final class TopInbox: Sendable {
  /// What is delivered.
  package enum Delivery: Sendable {
    case scanned(Result<TopScan, CommandFailure>)
    case lookedUp(String, Result<SelectionPredicate, FilterProblem>)
    case planned(Result<Plan, CommandFailure>, ConnectionText?, number: Int)
    case closed(TopOutcomes)
  }

  /// Becomes readable when something was delivered.
  package let bell: FileDescriptor
  private let rope: FileDescriptor
  private let waiting = Mutex<[Delivery]>([])

  package init() throws(Errno) {
    do {
      let pipe = try FileDescriptor.pipe(options: .closeOnExec)
      (bell, rope) = (pipe.readEnd, pipe.writeEnd)
    } catch {
      throw error
    }
  }

  // Threads that are still at work when the view ends may yet deliver: the pipe stays open for them
  // as long as they hold this object.
  deinit {
    try? bell.close()
    try? rope.close()
  }

  package func deliver(_ delivery: Delivery) {
    waiting.withLock { $0.append(delivery) }
    _ = try? rope.writeAll([1])
  }

  /// All that was delivered since the last time. To be called when the bell is readable.
  package func take() -> [Delivery] {
    var byte: UInt8 = 0
    _ = unsafe read(bell.rawValue, &byte, 1)
    return waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
