import Synchronization

/// The command line of this process.
package enum CommandLineWords {
  private static let stored = Mutex<[String]>([])

  /// The arguments of the program.
  package static var all: [String] {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }

  /// The arguments with this value of `option`, in place of any other, behind the name of the command.
  package static func replacingOption(_ option: String, with value: String) -> [String] {
    var words: [String] = []
    var isValue = false
    for word in all {
      if word == option, !isValue {
        isValue = true
      } else if isValue {
        isValue = false
      } else if !word.hasPrefix(option + "=") {
        words.append(word)
      }
    }
    words.insert(contentsOf: [option, value], at: min(1, words.count))
    return words
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
