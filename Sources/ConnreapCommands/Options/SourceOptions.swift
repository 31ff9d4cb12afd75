import ArgumentParser
import Operations
import SystemPackage

/// The source: the running kernel or a recording.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "also record the conversation with the kernel in this file", valueName: "file")
  )
  var record: String?

  @Option(
    help: ArgumentHelp(
      "read this recording, or raw dump of 'ss -D', instead of the kernel",
      valueName: "file"))
  var replay: String?

  @Option(
    help: ArgumentHelp("with --replay: find owners in this copy of /proc", valueName: "directory"))
  var procRoot: String?

  func validate() throws {
    if procRoot != nil, replay == nil { throw ValidationError("--proc-root requires --replay") }
    if record != nil, replay != nil {
      throw ValidationError("--record and --replay exclude each other")
    }
  }
}

extension SourceOptions {
  /// The options as a value.
  var source: SystemSource {
    replay.map { .recording($0, procRoot: procRoot) } ?? .kernel(recordingTo: record)
  }
}
