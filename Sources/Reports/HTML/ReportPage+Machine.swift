import Connections
import Operations
import Rendering

extension ReportPage {
  /// What `doctor` found: what is amiss first, with the command that mends it.
  func writeFindings(to page: inout HTMLText) {
    section("findings", "Health of the machine", to: &page) { page in
      switch contents.findings {
      case .unknown(let reason): page.element("p", visible: "Unknown: \(reason).")
      case .read(let checks):
        note(
          "What 'connreap doctor' says: what this kernel and these privileges allow, and how far "
            + "limits are.", to: &page)
        page.element("ul", ["class": "checks"]) { page in
          for check in Self.order.flatMap({ severity in checks.filter { $0.severity == severity } })
          {
            write(check, to: &page)
          }
        }
      }
    }
  }

  private static let order: [Check.Severity] = [.problem, .warning, .note, .well]

  private func write(_ check: Check, to page: inout HTMLText) {
    page.element("li") { page in
      let (word, look) = Self.mark(of: check.severity)
      page.element("span", ["class": "mark \(look)"], visible: word)
      page.element("div") { page in
        page.element("p") { page in
          page.element("strong", visible: check.title)
          page.visible(": " + check.detail)
        }
        guard let remedy = check.remedy else { return }
        page.element("p", ["class": "soft"], visible: "Remedy: " + remedy)
      }
    }
  }

  private static func mark(of severity: Check.Severity) -> (word: String, look: String) {
    switch severity {
    case .problem: ("Problem", "bad")
    case .warning: ("Warning", "warn")
    case .note: ("Note", "soft")
    case .well: ("Well", "good")
    }
  }

  /// How the report was made, and what is missing in it.
  func writePlace(to page: inout HTMLText) {
    let place = contents.place
    section("made", "How this was made", to: &page) { page in
      page.element("dl", ["class": "facts"]) { page in
        func fact(_ name: String, _ value: String?, _ page: inout HTMLText) {
          page.element("dt", text: name)
          page.element("dd", visible: value ?? "unknown")
        }
        fact("Made by", "connreap \(place.version), in \(place.took) ms", &page)
        fact("Time", Self.text(of: place.time), &page)
        fact("Machine", place.host.map(EscapedText.escaped) ?? "that of the recording", &page)
        fact("Kernel", place.kernel.map(EscapedText.escaped), &page)
        fact("Up for", place.uptime.map { DurationText.rounded(milliseconds: $0) }, &page)
        fact(
          place.networkNamespaces.count > 1 ? "Network namespaces" : "Network namespace",
          place.networkNamespaces.map(EscapedText.escaped).joined(separator: ", "), &page)
        fact(
          "Selection",
          place.selection.isEmpty ? "every socket" : EscapedText.escaped(place.selection), &page)
        fact("State folder", place.stateFolder.map(EscapedText.escaped), &page)
      }
      if !contents.gaps.isEmpty {
        page.element("h3", text: "What is missing")
        page.element("ul") { page in
          for gap in contents.gaps { page.element("li", visible: gap) }
        }
      }
    }
  }
}
