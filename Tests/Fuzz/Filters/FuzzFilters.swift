import CLibFuzzer
import FuzzProperties
import Glibc

/// Checks the properties of filters with libFuzzer.
@main struct FuzzFilters {
  static func main() {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
        do {
          try FuzzedInput.filters.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
          fatalError("\(error)")
        }
        return 0
      })
  }
}
