import Glibc
import StateFiles
import SystemPackage

/// The state folder of a run, or what stands in its way.
enum StateAccess {
  /// Opens the folder that `option` (`--state-dir`), the user and the environment say.
  static func open(option: String?) throws(CommandFailure) -> StateFolder {
    do throws(StateFolderProblem) {
      return try StateFolder(openingOrMaking: try location(option: option))
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Opens that folder; nil when it is not there, or there is no place for it.
  static func openIfThere(option: String?) throws(CommandFailure) -> StateFolder? {
    do throws(StateFolderProblem) {
      return try StateFolder(opening: try location(option: option))
    } catch .cannotOpen(_, .noSuchFileOrDirectory) {
      return nil
    } catch .unnamed where option == nil {
      return nil
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  private static func location(option: String?) throws(StateFolderProblem) -> FilePath {
    let environment = ["HOME", "XDG_STATE_HOME"].reduce(into: [:]) { known, name in
      known[name] = Environment.ofProcess[name]
    }
    return try StateFolder.location(
      option: option.map { FilePath($0) }, isRoot: geteuid() == 0, environment: environment)
  }

  /// Takes the lock of `folder`.
  static func lock(_ folder: borrowing StateFolder) throws(CommandFailure) -> RunLock {
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
