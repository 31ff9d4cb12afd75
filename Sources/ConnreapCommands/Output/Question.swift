/// A question to whoever sits at the terminal.
enum Question {
  /// Asks on standard error and reads the answer from standard input: `y` or `yes` is yes, and
  /// everything else, the end of input too, is no.
  static func ask(_ question: String) -> Bool {
    Standard.say(question)
    let answer = readLine()?.lowercased().filter { $0 != " " }
    return answer == "y" || answer == "yes"
  }
}
