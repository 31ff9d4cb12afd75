import Glibc

/// An SSH server in a network namespace, and a key that may log in.
final class SSHServer {
  private let namespace: NetworkNamespace
  private let directory: TemporaryDirectory
  private let running: Command
  private let port: UInt16

  /// Starts sshd on a loopback port and waits until it listens.
  init(in namespace: NetworkNamespace, port: UInt16) throws {
    self.namespace = namespace
    self.port = port
    directory = try TemporaryDirectory()
    for name in ["host", "user"] {
      let made = try Command.run([
        "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(directory.path)/\(name)",
      ])
      guard made.status == 0 else { throw HarnessProblem.fault(made.errorText) }
    }
    let configuration = try directory.write(
      "sshd_config",
      """
      HostKey \(directory.path)/host
      AuthorizedKeysFile \(directory.path)/user.pub
      PidFile none
      PermitRootLogin yes
      StrictModes no
      UsePAM no
      AllowTcpForwarding yes

      """)
    // sshd requires this directory for privilege separation.
    mkdir("/run/sshd", 0o755)
    running = try Command(
      namespace.entering + [
        "/usr/sbin/sshd", "-D", "-f", configuration, "-o", "ListenAddress=127.0.0.1:\(port)",
      ])
    try namespace.wait(forListenerOn: port)
  }

  deinit { running.signal(SIGTERM) }

  /// The command line of a client that connects to a port, by default the server's.
  func client(to port: UInt16? = nil, options: [String] = []) -> [String] {
    namespace.entering + [
      "ssh", "-F", "/dev/null", "-i", "\(directory.path)/user", "-o", "StrictHostKeyChecking=no",
      "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
      "-p", "\(port ?? self.port)",
    ] + options + ["root@127.0.0.1"]
  }
}

extension NetworkNamespace {
  /// Waits until a socket listens on a port.
  func wait(forListenerOn port: UInt16) throws {
    try waitUntil("a listener on port \(port)", every: .milliseconds(20)) {
      try Command.run(entering + ["ss", "-Hltn", "sport", "=", ":\(port)"]).text
        .contains(":\(port)")
    }
  }
}
