import Glibc

/// An ssh server of a test's own in a network namespace, and a key that it lets in.
final class ShellServer {
  private let namespace: NetworkNamespace
  private let folder: TemporaryFolder
  private let running: Command
  private let port: UInt16

  /// Starts sshd on a port of loopback, and waits until it listens.
  init(in namespace: NetworkNamespace, port: UInt16) throws {
    self.namespace = namespace
    self.port = port
    folder = try TemporaryFolder()
    for name in ["host", "user"] {
      let made = try Command.run([
        "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder.path)/\(name)",
      ])
      guard made.status == 0 else { throw HarnessProblem.fault(made.complaints) }
    }
    let configuration = try folder.write(
      "sshd_config",
      """
      HostKey \(folder.path)/host
      AuthorizedKeysFile \(folder.path)/user.pub
      PidFile none
      PermitRootLogin yes
      StrictModes no
      UsePAM no
      AllowTcpForwarding yes

      """)
    // Where sshd separates its privileges, and what it insists on.
    mkdir("/run/sshd", 0o755)
    running = try Command(
      namespace.entering + [
        "/usr/sbin/sshd", "-D", "-f", configuration, "-o", "ListenAddress=127.0.0.1:\(port)",
      ])
    try namespace.wait(forListenerOn: port)
  }

  deinit { running.signal(SIGTERM) }

  /// The words of a client that connects to a port, by default the server's own.
  func client(to port: UInt16? = nil, options: [String] = []) -> [String] {
    namespace.entering + [
      "ssh", "-F", "/dev/null", "-i", "\(folder.path)/user", "-o", "StrictHostKeyChecking=no",
      "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
      "-p", "\(port ?? self.port)",
    ] + options + ["root@127.0.0.1"]
  }
}

extension NetworkNamespace {
  /// Waits until somebody listens on a port.
  func wait(forListenerOn port: UInt16) throws {
    try waitUntil("a listener on port \(port)", every: .milliseconds(20)) {
      try Command.run(entering + ["ss", "-Hltn", "sport", "=", ":\(port)"]).text
        .contains(":\(port)")
    }
  }
}
