import Connections
import Netlink
package import Operations
import Presentation
import Privileges
import ProcessTable
package import Rendering
package import Scanning
import Screens
import SocketDiagnostics
import SystemPackage

/// The checks of `doctor`. Each tries what it reports on.
package struct Examination {
  package let moment: ScanMoment
  let checks: [Check]

  /// Checks `system` without changing anything or touching a connection.
  ///
  /// - Parameters:
  ///   - snapshot: all sockets of this network namespace with owners and `past`, if scanned before.
  ///   - past: what earlier runs recorded.
  package init(_ system: LiveSystem, snapshot: Snapshot? = nil, past: RunHistory.Remembered) {
    moment = system.moment
    checks =
      AddressFamily.allCases.map { Self.listing($0, system) } + [
        Self.destroying(system), Self.mayClose(system), Self.descriptors(system),
        Self.owners(system),
        Self.namespaces(), Self.marks(), Self.identity(system.moment),
      ] + (snapshot.map { Health(system, $0, past: past) } ?? Health(system, past: past)).checks
  }

  /// These checks, made at `moment`.
  init(at moment: ScanMoment, _ checks: [Check]) {
    self.moment = moment
    self.checks = checks
  }

  /// Whether there is neither a problem nor a warning.
  package var isHealthy: Bool { !checks.contains { $0.severity.needsAttention } }

  /// The checks as text.
  ///
  /// - Parameter columns: the width of the terminal, for wrapping; nil without a terminal.
  package func text(colors: Bool, columns: Int? = nil) -> String {
    let width = checks.map { EscapedText.width(of: $0.title.utf8) }.max() ?? 0
    let margin = String(repeating: " ", count: width + 4)
    var lines = [heading]
    for check in checks {
      let mark = check.severity.style.text(check.severity.mark, isOn: colors)
      let padding = width - EscapedText.width(of: check.title.utf8) + 2
      var detail = [check.detail]
      if let columns, columns - margin.count >= Self.narrowest {
        detail = ScreenLine.wrapped(check.detail, to: columns - margin.count).map(\.text)
      }
      lines.append(
        "\(mark) \(check.title)\(String(repeating: " ", count: padding))\(detail[0])")
      lines += detail.dropFirst().map { margin + $0 }
      if let remedy = check.remedy {
        let isWrapped = columns.map { $0 - margin.count >= Self.narrowest } ?? false
        let room = isWrapped ? (columns ?? 0) - margin.count : .max
        lines += ScreenLine.wrapped(remedy, to: room).map { margin + $0.text }
      }
    }
    let problems = checks.count { $0.severity == .problem }
    let warnings = checks.count { $0.severity == .warning }
    lines.append(
      isHealthy
        ? "No problems found."
        : "\(problems) problem\(Count.plural(problems)), \(warnings) warning\(Count.plural(warnings))"
    )
    return lines.joined(separator: "\n") + "\n"
  }

  /// Below this width, the terminal wraps better.
  private static let narrowest = 24

  private var heading: String {
    let kernel = moment.kernelRelease.map(EscapedText.escaped) ?? "unknown"
    let namespace = moment.networkNamespace.map { "\($0)" } ?? "unknown"
    return "Kernel \(kernel), network namespace \(namespace)"
  }

  /// Writes the members of a JSON object.
  package func write(to json: inout JSONWriter) {
    json.member("kernel", moment.kernelRelease)
    json.member("netns", moment.networkNamespace)
    json.array("checks") { json in
      for check in checks {
        json.object { json in
          json.member("id", check.id)
          json.member("severity", check.severity.rawValue)
          json.member("title", check.title)
          json.member("detail", check.detail)
          json.member("remedy", check.remedy)
        }
      }
    }
    json.member("healthy", isHealthy)
  }
}

extension Examination {
  private static func listing(_ family: AddressFamily, _ system: LiveSystem) -> Check {
    let name = family == .ipv4 ? "IPv4" : "IPv6"
    let (id, title) = ("list-\(family.name)", "listing \(name) sockets")
    do throws(NetlinkProblem) {
      var count = 0
      var diagnostics = TCPDiagnostics(
        over: try system.source.openTransport(), uptime: system.moment.uptime)
      try diagnostics.dump(DumpRequest(family: family, states: .all, details: .figures)) { _ in
        count += 1
      }
      return Check(
        id: id, severity: .well, title: title,
        detail: "inet_diag, tcp_diag: \(Count.text(count)) socket\(Count.plural(count))")
    } catch .refused(.noSuchFileOrDirectory) {
      return Check(
        id: id, severity: .problem, title: title,
        detail: "failed: the kernel has no tcp_diag; load it with 'modprobe tcp_diag'")
    } catch {
      return Check(id: id, severity: .problem, title: title, detail: "failed: \(error)")
    }
  }

  private static func destroying(_ system: LiveSystem) -> Check {
    let (id, title) = ("destroy", "closing sockets")
    do throws(NetlinkProblem) {
      var diagnostics = TCPDiagnostics(
        over: try system.source.openTransport(), uptime: system.moment.uptime)
      switch try diagnostics.destroySupport() {
      case .supported:
        return Check(
          id: id, severity: .well, title: title, detail: "SOCK_DESTROY (INET_DIAG_DESTROY=y)")
      case .missing:
        return Check(
          id: id, severity: .problem, title: title,
          detail:
            "no SOCK_DESTROY: use a kernel with CONFIG_INET_DIAG_DESTROY=y, or --method shutdown")
      }
    } catch {
      return Check(id: id, severity: .problem, title: title, detail: "unknown: \(error)")
    }
  }

  /// The check of a privilege: what it allows, or what is missing.
  private static func privilege(
    _ step: PrivilegedStep, id: String, title: String, allows: String, without: String,
    severity: Check.Severity
  ) -> Check {
    do {
      let held = try HeldCapabilities.current()
      let names = Capability.allCases.filter(step.needs.contains).map(\.name)
      let all = names.joined(separator: " and ")
      guard let missing = MissingCapabilities(step, held: held) else {
        return Check(id: id, severity: .well, title: title, detail: "\(all): \(allows)")
      }
      let lacking = missing.capabilities.map(\.name).joined(separator: " and ")
      return Check(
        id: id, severity: severity, title: title,
        detail: "\(lacking) missing: \(without); run it with sudo")
    } catch {
      return Check(id: id, severity: .warning, title: title, detail: "unknown: \(error)")
    }
  }

  private static func mayClose(_ system: LiveSystem) -> Check {
    if UserNamespace.ownsNetworkNamespace(procRoot: system.processes.root) == false {
      return Check(
        id: "may-close", severity: .problem, title: "permission to close",
        detail: "no: this network namespace belongs to another user namespace, where connreap has "
          + "no capabilities; run it there")
    }
    let check = privilege(
      .closing, id: "may-close", title: "permission to close", allows: "kill and policy apply",
      without: "kill and policy apply with method destroy exit with code 77", severity: .problem
    )
    guard check.severity == .well,
      (try? UserNamespace.isInitial(procRoot: system.processes.root)) != true
    else { return check }
    return Check(
      id: check.id, severity: .warning, title: check.title,
      detail:
        "CAP_NET_ADMIN counts only in this user namespace: connreap can close connections only "
        + "in the network namespaces that belong to it")
  }

  private static func owners(_ system: LiveSystem) -> Check {
    let (id, title) = ("owners", "owner visibility")
    let table: OwnerTable
    do {
      table = try system.processes.findOwners(of: .everySocket, threads: 1)
    } catch {
      return Check(id: id, severity: .problem, title: title, detail: "failed: \(error)")
    }
    guard table.limits.isEmpty else {
      return Check(
        id: id, severity: .warning, title: title,
        detail: "incomplete: " + table.limits.map { "\($0)" }.joined(separator: "; ")
          + "; connreap spares connections that hidden processes may hold",
        remedy: table.limits.map(\.remedy).joined(separator: "; "))
    }
    let pids = Set(table.gaps.map(\.pid)).sorted()
    let unreadable = pids.count
    let some = pids.prefix(3).map(system.processes.label(of:))
    let who = some.joined(separator: ", ") + (unreadable > some.count ? " and others" : "")
    let privileges = privilege(
      .readingOthersDescriptors, id: id, title: title,
      allows: "every process in /proc is readable",
      without: "\(Count.text(unreadable)) process\(unreadable == 1 ? "" : "es") cannot be read",
      severity: .warning)
    guard privileges.severity == .well, unreadable > 0 else { return privileges }
    return Check(
      id: id, severity: .warning, title: title,
      detail: "\(who) cannot be read, although the capabilities are held: a process with more "
        + "capabilities, a security module, or another user namespace")
  }

  private static func namespaces() -> Check {
    privilege(
      .enteringNamespace, id: "namespaces", title: "entering namespaces",
      allows: "other network namespaces can be scanned",
      without: "only this network namespace can be scanned", severity: .warning)
  }

  private static func marks() -> Check {
    privilege(
      .seeingMarks, id: "marks", title: "socket marks", allows: "--mark",
      without: "--mark selects nothing", severity: .warning)
  }

  private static func identity(_ moment: ScanMoment) -> Check {
    let (id, title) = ("identity", "identity")
    guard moment.bootID != nil, moment.uptime != nil, moment.networkNamespace != nil else {
      return Check(
        id: id, severity: .problem, title: title,
        detail: "cannot read the boot ID or the network namespace from /proc; mount it")
    }
    return Check(
      id: id, severity: .well, title: title, detail: "boot ID, uptime and network namespace")
  }
}
