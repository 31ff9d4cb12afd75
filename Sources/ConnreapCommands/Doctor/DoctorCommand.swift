import ArgumentParser
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Scanning
import Selection
import SystemPackage

/// `connreap doctor`: checks of the machine.
struct DoctorCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", _superCommandName: "connreap",
    abstract: "Checks what the kernel and the privileges allow, and what to change.",
    discussion: """
      It changes nothing. The exit code is 0 without problems and warnings, and 1 otherwise. \
      Forecasts for descriptors cover processes that runs of 'policy apply' have watched.
      """)

  @Option(
    help: ArgumentHelp("directory of the history", valueName: "directory"))
  var stateDir: String?

  @Option(name: .shortAndLong, help: .format)
  var output = FormatChoice<TextOrJSON>.table

  @Option(help: .color)
  var color = ColorChoice.auto

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("\(SelectionKey.netns.help)", valueName: SelectionKey.netns.valueName))
  var netns: [String] = []

  var needs: Capabilities { PrivilegedStep.allNeeds }

  func run() throws {
    let (system, _) = try LiveSystem.prepared(.kernel(), netns: netns)
    let past = RunHistory.remembered(option: stateDir, of: system)
    // The checks use the privileges that they report on.
    let examined = OwnPrivileges.raising(needs) {
      system.insideEachNamespace { Examination($0, past: past) }
    }
    for notice in system.namespaces.notices { Standard.report("connreap: \(notice)\n") }
    var examinations: [Examination] = []
    var isRefused = false
    for (namespace, result) in examined {
      switch result {
      case .success(let examination): examinations.append(examination)
      case .failure(let problem):
        isRefused = isRefused || problem == .notPermitted || problem == .permissionDenied
        Standard.report("connreap: cannot enter network namespace \(namespace.label): \(problem)\n")
      }
    }
    try print(examinations)
    guard examinations.count == examined.count else {
      let isMissing = isRefused && system.missing(.enteringNamespace) != nil
      throw CommandFailure.silent(isMissing ? .permission : .failed)
    }
    guard examinations.allSatisfy(\.isHealthy) else { throw CommandFailure.silent(.failed) }
  }

  private func print(_ examinations: [Examination]) throws {
    try OutputStyle(format: output.format, color: color).print(
      TextOrJSON(
        text: { layout, stream in
          for (index, examination) in examinations.enumerated() {
            if index > 0 { try stream.write("\n") }
            try stream.write(examination.text(colors: layout.colors, columns: layout.width))
          }
        }, json: { write(examinations, to: &$0) }))
  }

  private func write(_ examinations: [Examination], to json: inout JSONWriter) {
    json.object { json in
      (examinations.first?.moment ?? .unknown).write(to: &json)
      if netns.isEmpty, let only = examinations.first { return only.write(to: &json) }
      json.array("namespaces") { json in
        for examination in examinations { json.object { examination.write(to: &$0) } }
      }
      json.member("healthy", examinations.allSatisfy(\.isHealthy))
    }
    json.endDocument()
  }
}
