import Synchronization

/// The command line of this process.
package enum CommandLineWords {
  private static let stored = Mutex<[String]>([])

  /// The arguments of the program.
  package static var all: [String] {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }

  /// The words after `command`, quoted for a shell.
  package static func following(_ command: String) -> String {
    shell(all.drop { $0 != command }.dropFirst())
  }

  /// The whole command line, quoted for a shell.
  package static var text: String { shell(["connreap"] + all) }

  /// `words` as a line for a shell, with quotes around words that need them.
  package static func shell(_ words: some Sequence<String>) -> String {
    words.map { word in
      let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
          default: "-_./:=,@%+".utf8.contains(byte)
          }
        }
      return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }
}
