import Netlink
import Rendering
import Scanning
import StateFiles
import SystemPackage

/// A conversation with the kernel that is replayed from a file.
///
/// The file is a recording of connreap, or a raw dump of `ss -D`, which has no facts about the
/// machine.
struct RecordedConversation {
  let moment: ScanMoment
  let transport: any NetlinkTransport

  init(readingFrom path: String) throws(CommandFailure) {
    let bytes = try FileContents.read(path, limit: FileContents.recordingLimit) { start in
      RawDump.isStart(of: Array(start)) || Recording.isStart(of: start)
    }
    do {
      if RawDump.isStart(of: bytes) {
        moment = ScanMoment(Recording())
        transport = RawDumpTransport(try RawDump(bytes))
      } else {
        let recording = try Recording(text: bytes)
        moment = ScanMoment(recording)
        transport = ReplayTransport(recording)
      }
    } catch {
      throw CommandFailure(.badData, "\(EscapedText.escaped(path)): \(error)")
    }
  }
}

/// Collects a conversation with the kernel until it is saved to a file.
final class ConversationRecorder {
  private var recording = Recording()
  private let output: OutputFile

  /// Opens the file that `--record` names.
  init(to path: String, at moment: ScanMoment) throws(CommandFailure) {
    output = try FileContents.output(path, "--record")
    recording.facts = moment.facts
  }

  /// `transport`, with everything that passes through it recorded.
  func recording(_ transport: any NetlinkTransport) -> any NetlinkTransport {
    RecordingTransport(transport) { self.recording.entries.append($0) }
  }

  /// Writes the file. Only this user may read it, because it shows who talks to whom.
  func save() throws {
    try FileContents.write(
      recording.text, to: output, "--record", permissions: .ownerReadWrite, keepsOwner: false)
  }
}

extension ScanMoment {
  private enum FactName {
    static let kernel = "kernel"
    static let bootID = "boot-id"
    static let uptime = "uptime-ms"
    static let networkNamespace = "network-namespace"
    static let time = "time"
    static let host = "host"
  }

  /// The moment at which `recording` was made.
  fileprivate init(_ recording: Recording) {
    self.init(
      bootID: recording.fact(FactName.bootID),
      networkNamespace: recording.fact(FactName.networkNamespace).flatMap { UInt64($0) },
      uptime: recording.fact(FactName.uptime).flatMap { UInt64($0) },
      kernelRelease: recording.fact(FactName.kernel), time: recording.fact(FactName.time),
      host: recording.fact(FactName.host))
  }

  fileprivate var facts: [Recording.Fact] {
    let facts = [
      (FactName.kernel, kernelRelease), (FactName.bootID, bootID),
      (FactName.uptime, uptime.map { "\($0)" }),
      (FactName.networkNamespace, networkNamespace.map { "\($0)" }), (FactName.time, time),
      (FactName.host, host),
    ]
    return facts.compactMap { name, value in value.map { Recording.Fact(name, $0) } }
  }
}
