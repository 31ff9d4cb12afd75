import Glibc
package import SystemPackage

/// Output that a later one replaces on a terminal.
///
/// It is printed from the top of the screen. Lines that do not fit are omitted, so that the screen
/// never scrolls.
package struct ScreenFrame {
  /// The lines of the screen.
  private let height: Int

  /// Moves to the top left; clears the rest of a line; clears the rest of the screen (ECMA-48).
  private static let (home, clearLine, clearRest) = ("\u{1b}[H", "\u{1b}[K", "\u{1b}[J")

  package init(height: Int) {
    self.height = max(height, 2)
  }

  /// The screen behind `descriptor`; nil if that is not a terminal, or cannot move the cursor.
  package init?(on descriptor: FileDescriptor, environment: Environment) {
    var size = winsize()
    guard isatty(descriptor.rawValue) == 1, !["", "dumb"].contains(environment["TERM"] ?? ""),
      unsafe ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0
    else { return nil }
    self.init(height: Int(size.ws_row))
  }

  /// `text` as a frame that replaces the one before it.
  ///
  /// - Parameter isFirst: whether it is the first frame, which scrolls what is on the screen out of
  ///   view.
  package func bytes(of text: [UInt8], isFirst: Bool = false) -> [UInt8] {
    var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    if lines.last?.isEmpty == true { lines.removeLast() }
    // The cursor ends on the last line of the screen.
    let room = height - 1
    let hidden = lines.count - room
    if hidden > 0 { lines = lines.prefix(room - 1) }
    var frame = [UInt8](repeating: UInt8(ascii: "\n"), count: isFirst ? room : 0)
    frame.append(contentsOf: Self.home.utf8)
    for line in lines {
      frame.append(contentsOf: line)
      frame.append(contentsOf: "\(Self.clearLine)\n".utf8)
    }
    if hidden > 0 {
      frame.append(contentsOf: "… \(Count.text(hidden + 1)) more lines\(Self.clearLine)\n".utf8)
    }
    frame.append(contentsOf: Self.clearRest.utf8)
    return frame
  }
}
