import Testing

/// What the machine and the user's privileges allow the tests to do.
enum Privilege {
  /// `unshare --net` works: CAP_SYS_ADMIN.
  static let networkNamespaces = Tools.has("unshare", "--net", "--", "true")

  /// The kernel supports SOCK_DESTROY, and this user may use it.
  static let destroys: Bool = {
    guard networkNamespaces, let namespace = try? NetworkNamespace() else { return false }
    return (try? namespace.server.ask(["do": "can-destroy"]).errno) == "ENOENT"
  }()

  /// This user may create a user namespace.
  static let userNamespaces = Tools.has("unshare", "--user", "--map-root-user", "--", "true")

  /// This user may set file capabilities, and they take effect in the temporary directory.
  static let fileCapabilities: Bool = {
    guard let directory = try? TemporaryDirectory() else { return false }
    let file = directory.path + "/cat"
    let script = """
      cp "$(command -v cat)" "$0" && chmod 755 "$(dirname "$0")" "$0" &&
      setcap cap_net_admin=ep "$0" &&
      setpriv --reuid 54321 --clear-groups -- "$0" /proc/self/status |
        grep -q '^CapEff:.*0000001000$'
      """
    return Tools.has("bash", "-c", script, file)
  }()

  /// The program directory of the newest PostgreSQL on Debian, or nil if there is none.
  static let postgreSQL: String? = {
    let script = "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"
    return (try? Command.run(["bash", "-c", script]))?.lines.first.map(String.init)
  }()

  /// `strace` is installed and may trace.
  static let traces = Tools.has("strace", "-f", "-o", "/dev/null", "true")
}

extension Trait where Self == ConditionTrait {
  /// The test creates a network namespace.
  static var needsNamespaces: Self {
    .enabled(if: Privilege.networkNamespaces, "needs CAP_SYS_ADMIN (unshare --net)")
  }

  /// The test closes connections.
  static var needsDestroy: Self {
    .enabled(
      if: Privilege.destroys, "needs CAP_NET_ADMIN and a kernel with INET_DIAG_DESTROY")
  }

  /// The test creates a user namespace.
  static var needsUserNamespaces: Self {
    .enabled(if: Privilege.userNamespaces, "needs unshare --user")
  }

  /// The test sets file capabilities.
  static var needsFileCapabilities: Self {
    .enabled(
      if: Privilege.fileCapabilities,
      "needs setcap (package libcap2-bin) and /tmp mounted without nosuid")
  }

  /// The test runs this program.
  static func needs(_ program: String) -> Self {
    .enabled(
      if: Tools.has("bash", "-c", "command -v \"$0\"", program), "needs \(program)")
  }

  /// The test runs PostgreSQL.
  static var needsPostgreSQL: Self {
    .enabled(if: Privilege.postgreSQL != nil, "needs the package postgresql")
  }

  /// The test opens MPTCP connections.
  static var needsMPTCP: Self {
    .enabled(
      if: Tools.has("test", "-e", "/proc/sys/net/mptcp/enabled"), "needs a kernel with MPTCP")
  }

  /// The test traces system calls.
  static var needsTracing: Self {
    .enabled(if: Privilege.traces, "needs strace and the right to trace")
  }
}
