import CLibFuzzer
import FuzzProperties
import Glibc

/// Checks the properties of recordings with libFuzzer.
@main struct FuzzRecordings {
  static func main() {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
        do {
          try FuzzedInput.recordings.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
          fatalError("\(error)")
        }
        return 0
      })
  }
}
