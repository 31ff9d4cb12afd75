import Connections
package import Operations
import Presentation
package import Rendering

/// A report as a self-contained HTML page, without scripts or other files.
package struct ReportPage {
  package let contents: ReportContents

  package init(_ contents: ReportContents) {
    self.contents = contents
  }

  /// Forbids the page to load anything; only its inline style applies.
  static let securityPolicy = "default-src 'none'; style-src 'unsafe-inline'"

  /// The whole page, in UTF-8.
  package var bytes: [UInt8] {
    var page = HTMLText()
    page.documentType()
    page.element("html", ["lang": "en"]) { page in
      writeHead(to: &page)
      page.element("body") { page in
        writeHeader(to: &page)
        page.element("main") { page in
          writeLeaks(to: &page)
          page.element("div", ["class": "columns"]) { page in
            writeIdle(to: &page)
            writeStates(to: &page)
          }
          writeMeanings(to: &page)
          writeQueues(to: &page)
          writeDecisions(to: &page)
          writeFindings(to: &page)
        }
        page.element("footer") { page in writePlace(to: &page) }
      }
    }
    return page.bytes
  }

  /// The host, as escaped text.
  private var host: String { contents.place.host.map(EscapedText.escaped) ?? "a recording" }

  /// `2026-11-21 05:42:50 UTC`.
  package static func text(of time: LogTime) -> String {
    time.text.prefix(19).replacing("T", with: " ") + " UTC"
  }

  private func writeHead(to page: inout HTMLText) {
    page.element("head") { page in
      page.empty("meta", ["charset": "utf-8"])
      page.empty(
        "meta", ["http-equiv": "Content-Security-Policy", "content": Self.securityPolicy])
      page.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
      page.empty("meta", ["name": "color-scheme", "content": "light dark"])
      page.empty("meta", ["name": "robots", "content": "noindex"])
      page.empty("meta", ["name": "generator", "content": "connreap \(contents.place.version)"])
      page.element("title", visible: "TCP connections of \(host)")
      page.style(ReportStyle.sheet)
    }
  }

  private func writeHeader(to page: inout HTMLText) {
    let verdict = ReportVerdict(contents)
    page.element("header") { page in
      page.element("h1", visible: "TCP connections of \(host)")
      page.element(
        "p", ["class": "soft"],
        visible: Self.text(of: contents.place.time) + " · "
          + (contents.place.selection.isEmpty
            ? "all sockets"
            : "only \(EscapedText.escaped(contents.place.selection))"))
      page.element("div", ["class": "verdict \(verdict.severity.rawValue)"]) { page in
        page.element("p", ["class": "badge"], text: verdict.severity.word)
        page.element("p", ["class": "headline"], visible: verdict.headline)
        guard !verdict.others.isEmpty else { return }
        page.element("ul") { page in
          for other in verdict.others { page.element("li", visible: other) }
        }
      }
      page.element("dl", ["class": "figures"]) { page in
        for (name, value) in figures {
          page.element("div") { page in
            page.element("dt", visible: name)
            page.element("dd", ["class": value == nil ? "soft" : "known"], text: value ?? "unknown")
          }
        }
      }
    }
  }

  /// The key figures; nil if unknown.
  private var figures: [(name: String, value: String?)] {
    let states = contents.states
    return [
      ("sockets", Count.text(states.total)),
      ("established", Count.text(states[.established])),
      ("in CLOSE-WAIT", Count.text(states[.closeWait])),
      (
        "leaked (CLOSE-WAIT ≥ \(DurationText.exact(milliseconds: contents.leaks.limit)))",
        contents.leaks.undecided > 0 && contents.leaks.leaked == 0
          ? nil : Count.text(contents.leaks.leaked)
      ),
      (
        "leaking processes",
        contents.leaks.leaking.isEmpty
          && (contents.leaks.leakedByUnknown > 0 || contents.leaks.undecided > 0)
          ? nil : Count.text(contents.leaks.leaking.count)
      ),
      (
        "idle for 1h",
        contents.idle.total == 0 && contents.idleUnknown > 0
          ? nil : Count.text(contents.idle.total - contents.idle.within(seconds: 3600))
      ),
      ("full accept queues", contents.queues.value.map { Count.text($0.count(where: \.isFull)) }),
      (
        "closed by connreap",
        contents.decisions.value.map { Count.text($0.count(of: "closed")) }
      ),
    ]
  }

  /// Writes a section below a heading.
  func section(
    _ id: String, _ title: String, to page: inout HTMLText,
    _ content: (inout HTMLText) -> Void
  ) {
    page.element("section", ["aria-labelledby": id]) { page in
      page.element("h2", ["id": id], text: title)
      content(&page)
    }
  }

  /// Writes a chart below its caption.
  package func figure(
    _ caption: String, to page: inout HTMLText, _ chart: (inout HTMLText) -> Void
  ) {
    page.element("figure") { page in
      page.element("figcaption", visible: caption)
      chart(&page)
    }
  }

  /// Writes an explanation.
  package func note(_ text: String, to page: inout HTMLText) {
    page.element("p", ["class": "note"], visible: text)
  }
}
