/// Writes the Prometheus text format, version 0.0.4: families of samples, one per line.
package struct PrometheusText {
  package private(set) var text = ""

  package init(text: String = "") {
    self.text = text
  }

  /// Label names and values, in output order.
  package typealias Labels = [(name: String, value: String)]

  /// The type of a metric family.
  package enum Kind: String {
    case gauge
    case counter
    case histogram
  }

  /// Starts a family; its samples follow.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    let help = help.replacing("\\", with: #"\\"#).replacing("\n", with: #"\n"#)
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Writes one sample of the current family.
  package mutating func sample(
    _ name: String, _ value: Int, _ labels: Labels = []
  ) {
    append(name, labels, "\(value)")
  }

  /// Writes one fractional sample of the current family.
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

  /// Escapes control characters, newlines included, as everywhere, and then backslashes and quotes
  /// as the format requires.
  private static func escaped(_ value: String) -> String {
    EscapedText.escaped(value).replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#)
  }
}
