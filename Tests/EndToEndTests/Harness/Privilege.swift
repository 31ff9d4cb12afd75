import Testing

/// What this machine and this user allow the tests to do.
enum Privilege {
  /// `unshare --net` works: CAP_SYS_ADMIN.
  static let networkNamespaces = Tools.has("unshare", "--net", "--", "true")

  /// The kernel knows SOCK_DESTROY, and this user may use it.
  static let destroys: Bool = {
    guard networkNamespaces, let namespace = try? NetworkNamespace() else { return false }
    return (try? namespace.server.ask(["do": "can-destroy"]).errno) == "ENOENT"
  }()

  /// `strace` is there and may trace.
  static let traces = Tools.has("strace", "-f", "-o", "/dev/null", "true")
}

extension Trait where Self == ConditionTrait {
  /// The test makes a network namespace.
  static var needsNamespaces: Self {
    .enabled(if: Privilege.networkNamespaces, "needs CAP_SYS_ADMIN (unshare --net)")
  }

  /// The test closes connections.
  static var needsDestroy: Self {
    .enabled(
      if: Privilege.destroys, "needs CAP_NET_ADMIN and a kernel with INET_DIAG_DESTROY")
  }

  /// The test watches system calls.
  static var needsTracing: Self {
    .enabled(if: Privilege.traces, "needs strace and the right to trace")
  }
}
