import Glibc
import Rendering
package import StateFiles
package import SystemPackage

/// The state directory of a run, or why it cannot be used.
package enum StateAccess {
  /// The path, from `option` (`--state-dir`), the user and the environment.
  package static func location(option: String?) throws(CommandFailure) -> FilePath {
    do throws(StateDirectoryProblem) {
      return try StateDirectory.location(
        option: option.map { FilePath($0) }, isRoot: geteuid() == 0,
        environment: Rights.homeEnvironment)
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens the directory, and creates it if needed.
  package static func open(option: String?) throws(CommandFailure) -> StateDirectory {
    let path = try location(option: option)
    do throws(StateDirectoryProblem) {
      return try StateDirectory(openingOrCreating: path)
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens the directory; nil if it does not exist.
  static func openIfPresent(option: String?) throws(CommandFailure) -> StateDirectory? {
    let path = try location(option: option)
    do throws(StateDirectoryProblem) {
      return try StateDirectory(opening: path)
    } catch .cannotOpen(_, .noSuchFileOrDirectory) {
      return nil
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Takes the lock of `directory`.
  package static func lock(_ directory: borrowing StateDirectory) throws(CommandFailure) -> RunLock
  {
    do throws(RunLockProblem) {
      return try RunLock(in: directory)
    } catch .heldByAnotherRun(let path) {
      throw CommandFailure(
        .locked, "another run holds the lock \(EscapedText.escaped(path.string)); nothing was done")
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }
}
