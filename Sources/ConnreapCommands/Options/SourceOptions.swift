import ArgumentParser
import Operations
import SystemPackage

/// Where the tool looks: at the running kernel, or at a recording of one.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "also write the conversation with the kernel to this file", valueName: "file")
  )
  var record: String?

  @Option(
    help: ArgumentHelp(
      "read this recording, or raw dump of 'ss -D', instead of asking the kernel",
      valueName: "file"))
  var replay: String?

  @Option(
    help: ArgumentHelp("with --replay: a copy of /proc to find owners in", valueName: "folder"))
  var procRoot: String?

  func validate() throws {
    if procRoot != nil, replay == nil { throw ValidationError("--proc-root goes with --replay") }
    if record != nil, replay != nil {
      throw ValidationError("--record and --replay exclude each other")
    }
  }
}

extension SourceOptions {
  /// The same as a value.
  var source: SystemSource {
    replay.map { .recording($0, procRoot: procRoot) } ?? .kernel(recordingTo: record)
  }
}
