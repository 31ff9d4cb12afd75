import Glibc
import Rendering
package import StateFiles
package import SystemPackage

/// The state folder of a run, or what stands in its way.
package enum StateAccess {
  /// Where the folder is that `option` (`--state-dir`), the user and the environment say.
  package static func location(option: String?) throws(CommandFailure) -> FilePath {
    do throws(StateFolderProblem) {
      return try StateFolder.location(
        option: option.map { FilePath($0) }, isRoot: geteuid() == 0,
        environment: Rights.homeEnvironment)
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens that folder, made when it is not there.
  package static func open(option: String?) throws(CommandFailure) -> StateFolder {
    let path = try location(option: option)
    do throws(StateFolderProblem) {
      return try StateFolder(openingOrMaking: path)
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens that folder; nil when it is not there.
  static func openIfThere(option: String?) throws(CommandFailure) -> StateFolder? {
    let path = try location(option: option)
    do throws(StateFolderProblem) {
      return try StateFolder(opening: path)
    } catch .cannotOpen(_, .noSuchFileOrDirectory) {
      return nil
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Takes the lock of `folder`.
  package static func lock(_ folder: borrowing StateFolder) throws(CommandFailure) -> RunLock {
    do throws(RunLockProblem) {
      return try RunLock(in: folder)
    } catch .heldElsewhere(let path) {
      throw CommandFailure(
        .locked, "another run holds the lock \(EscapedText.escaped(path.string)); nothing was done")
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }
}
