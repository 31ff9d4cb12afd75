extension CommandResult {
  /// The lines on the terminal at the end, without the progress that was shown meanwhile.
  ///
  /// On a slow machine, a command shows its progress in a line that it clears later.
  var terminalLines: [String] {
    output.split(separator: UInt8(ascii: "\n")).map { bytes in
      let line = String(decoding: bytes, as: UTF8.self).unicodeScalars
      let shown = String(line.last == "\r" ? line.dropLast() : line[...])
      return shown.split(separator: "\r\u{1b}[K", omittingEmptySubsequences: false).last
        .map { $0.hasPrefix("\u{1b}[K") ? String($0.dropFirst(3)) : String($0) } ?? shown
    }
  }
}
