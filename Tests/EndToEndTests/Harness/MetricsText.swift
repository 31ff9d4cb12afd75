import Testing

/// The output of `connreap metrics`, parsed as Prometheus parses it.
struct MetricsText {
  /// The names of the metric families.
  let families: [String]
  /// The samples, one per line with a value.
  let samples: Set<Sample>

  /// A sample.
  struct Sample: Hashable {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  /// Parses the text exposition format.
  init(_ text: String) throws {
    let lines = text.split(separator: "\n")
    families = lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
    samples = try Set(
      lines.filter { !$0.hasPrefix("#") }.map { line in
        let parts = try #require(line.wholeMatch(of: /([a-z_]+)(?:\{(.*)\})? ([^ ]+)/), "\(line)")
        var labels: [String: String] = [:]
        for label in (parts.2 ?? "").matches(of: /([a-z]+)="((?:[^"\\]|\\.)*)"/) {
          let value = label.2.replacing("\\\"", with: "\"").replacing("\\\\", with: "\\")
          labels[String(label.1)] = String(value)
        }
        return Sample(
          name: String(parts.1), labels: labels, value: try #require(Double(parts.3), "\(line)"))
      })
  }
}
