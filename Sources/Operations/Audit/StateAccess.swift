import Glibc
import Rendering
package import StateFiles
package import SystemPackage

/// The state directory of a run, or why it cannot be used.
package enum StateAccess {
  /// The path, from `option` (`--state-dir`), the user and the environment.
  package static func location(option: String?) throws(CommandFailure) -> FilePath {
    do throws(StateFolderProblem) {
      return try StateFolder.location(
        option: option.map { FilePath($0) }, isRoot: geteuid() == 0,
        environment: Rights.homeEnvironment)
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens the directory, and creates it if needed.
  package static func open(option: String?) throws(CommandFailure) -> StateFolder {
    let path = try location(option: option)
    do throws(StateFolderProblem) {
      return try StateFolder(openingOrMaking: path)
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens the directory; nil if it does not exist.
  static func openIfPresent(option: String?) throws(CommandFailure) -> StateFolder? {
    let path = try location(option: option)
    do throws(StateFolderProblem) {
      return try StateFolder(opening: path)
    } catch .cannotOpen(_, .noSuchFileOrDirectory) {
      return nil
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Takes the lock of `directory`.
  package static func lock(_ directory: borrowing StateFolder) throws(CommandFailure) -> RunLock {
    do throws(RunLockProblem) {
      return try RunLock(in: directory)
    } catch .heldElsewhere(let path) {
      throw CommandFailure(
        .locked, "another run holds the lock \(EscapedText.escaped(path.string)); nothing was done")
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }
}
