import CLibFuzzer
import FuzzProperties
import Glibc

/// Gives libFuzzer what must be so of datagrams.
@main struct FuzzDatagrams {
  static func main() {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(
      LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
        do {
          try FuzzedInput.datagrams.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
          fatalError("\(error)")
        }
        return 0
      })
  }
}
