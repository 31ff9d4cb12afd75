import ConnreapCommands

/// The C `main` function, under the name that SwiftPM gives to the entry point of an executable.
///
/// It uses the arguments that the kernel passed. `CommandLine.arguments` is read from `/proc` or
/// searched for near the environment. It is empty without `/proc`, and after a preloaded library has
/// called setenv(3).
@_cdecl("connreap_main")
public func start(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  unsafe ConnreapCommand.runAndExit(ArgumentVector(count: count, arguments))
}
