import ConnreapCommands

/// The `main` of the C runtime, under the name that SwiftPM gives to the entry point of an executable.
///
/// The arguments are those that the kernel passed to the process. `CommandLine.arguments` is none
/// of that: it is read from `/proc`, or searched for around the environment. Without `/proc`, or
/// after a preloaded library has called setenv(3), it is empty.
@_cdecl("connreap_main")
public func start(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  unsafe ConnreapCommand.runAndExit(ArgumentVector(count: count, arguments))
}
