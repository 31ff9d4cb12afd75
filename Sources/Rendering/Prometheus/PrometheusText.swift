/// Writes the text format of Prometheus, version 0.0.4: families of samples, one a line.
package struct PrometheusText {
  package private(set) var text = ""

  package init(text: String = "") {
    self.text = text
  }

  /// Names and values of labels, in the order in which they are written.
  package typealias Labels = [(name: String, value: String)]

  package enum Kind: String {
    case gauge
    case counter
    case histogram
  }

  /// Starts a family: its samples follow.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    let help = help.replacing("\\", with: #"\\"#).replacing("\n", with: #"\n"#)
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// One sample of the family.
  package mutating func sample(
    _ name: String, _ value: Int, _ labels: Labels = []
  ) {
    append(name, labels, "\(value)")
  }

  /// One sample of the family, with a fraction.
  package mutating func sample(
    _ name: String, _ value: Double, _ labels: Labels = []
  ) {
    append(name, labels, value == .infinity ? "+Inf" : "\(value)")
  }

  private mutating func append(
    _ name: String, _ labels: Labels, _ value: String
  ) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  /// A label may hold any character; these three need a backslash. What could disturb a terminal is
  /// escaped as everywhere.
  private static func escaped(_ value: String) -> String {
    EscapedText.escaped(value).replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#)
  }
}
