import Glibc
import StateFiles
import SystemPackage

/// The lock of the state folder, held for as long as the value lives.
struct StateLock: ~Copyable {
  private let lock: RunLock

  /// - Parameter option: the value of `--state-dir`.
  init(option: String?) throws(CommandFailure) {
    let folder: StateFolder
    do throws(StateFolderProblem) {
      let environment = ["HOME", "XDG_STATE_HOME"].reduce(into: [:]) { known, name in
        known[name] = Environment.ofProcess[name]
      }
      folder = try StateFolder(
        openingOrMaking: try StateFolder.location(
          option: option.map { FilePath($0) }, isRoot: geteuid() == 0, environment: environment))
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
    do throws(RunLockProblem) {
      lock = try RunLock(in: folder)
    } catch .heldElsewhere(let path) {
      throw CommandFailure(
        .locked, "another run holds the lock \(EscapedText.escaped(path.string)); nothing was done")
    } catch {
      throw CommandFailure(.failed, EscapedText.lines("\(error)"))
    }
  }

  /// Gives the lock back.
  consuming func release() {}
}
