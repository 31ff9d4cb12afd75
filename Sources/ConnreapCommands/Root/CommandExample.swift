/// An example at the end of a command's help.
struct CommandExample {
  /// The command line, for a shell.
  let line: String
  /// What it does.
  let purpose: String

  private init(_ line: String, _ purpose: String) {
    self.line = line
    self.purpose = purpose
  }

  /// The three examples of each command, by its name below the root.
  static let all: [String: [CommandExample]] = [
    "": [
      CommandExample("connreap leaks", "show which programs leak connections, and what to do"),
      CommandExample(
        "connreap kill --host 192.168.1.100 --port 80", "close connections and verify each one"),
      CommandExample("connreap policy apply Policies/", "apply policies, for example from cron"),
    ],
    "leaks": [
      CommandExample(
        "connreap leaks", "show which programs leak, and how to close their connections"),
      CommandExample(
        "connreap leaks --idle 1h --for 10s",
        "count idle connections too, and measure the growth during ten seconds"),
      CommandExample(
        "connreap leaks --by container --exit-code -o json",
        "report the containers that leak to a script"),
    ],
    "list": [
      CommandExample(
        "connreap list --process java --idle 1h",
        "list the connections of java that have been idle for at least an hour"),
      CommandExample(
        "connreap list --state close-wait --sort in-state:desc --limit 20",
        "list the 20 connections that have been leaked the longest"),
      CommandExample(
        "connreap list -o csv 'dst 10.0.0.0/8 and not process = sshd'",
        "list the connections to a network as CSV, by a filter"),
    ],
    "kill": [
      CommandExample(
        "connreap kill --process java --state close-wait --dry-run",
        "show which leaked connections of java would be closed"),
      CommandExample(
        "connreap kill --host 192.168.1.100 --port 80",
        "show the connections of a host and port, and ask before closing them"),
      CommandExample(
        "connreap kill --peer 10.0.0.0/8 --idle 1h --max 500 --yes",
        "close up to 500 idle connections to a network without asking"),
    ],
    "policy": [
      CommandExample("connreap policy check Policies/", "check the policies in a directory"),
      CommandExample("connreap policy plan Policies/", "show what they would do now"),
      CommandExample("connreap policy apply Policies/", "apply them"),
    ],
    "policy new": [
      CommandExample(
        "connreap policy new java-leak --process java --state close-wait",
        "print a policy that closes the leaked connections of java"),
      CommandExample(
        "connreap policy new old --idle 7d --threshold 100 --keep 20 > old.yaml",
        "write one for connections that have been idle for a week"),
      CommandExample(
        "connreap policy new hogs --host 10.0.0.0/8 --group-by peer",
        "print one that reports peers with many connections"),
    ],
    "policy check": [
      CommandExample("connreap policy check leaks.yaml", "check one file"),
      CommandExample(
        "connreap policy check /etc/connreap/policies", "check every policy file in a directory"),
      CommandExample(
        "connreap policy check Policies/ leaks.yaml", "check a directory and a file together"),
    ],
    "policy plan": [
      CommandExample("connreap policy plan Policies/", "show what the policies would do now"),
      CommandExample(
        "connreap policy plan leaks.yaml -o json", "show the decision on each connection as JSON"),
      CommandExample(
        "connreap policy plan leaks.yaml --replay machine.rec",
        "show what a policy would have done when the recording was made"),
    ],
    "policy apply": [
      CommandExample("connreap policy apply Policies/", "apply the policies in a directory"),
      CommandExample(
        "connreap policy apply --quiet /etc/connreap/policies",
        "apply them from cron, which mails only what was done"),
      CommandExample(
        "connreap policy apply --timeout 30s leaks.yaml", "close nothing more after 30 seconds"),
    ],
    "policy schema": [
      CommandExample(
        "connreap policy schema > policy.schema.json", "save the schema for an editor"),
      CommandExample("connreap policy schema | less", "read the schema"),
      CommandExample(
        "connreap policy schema | grep '\"enum\"'", "show the words that keys accept"),
    ],
    "doctor": [
      CommandExample("connreap doctor", "check this network namespace"),
      CommandExample("connreap doctor --netns all", "check every network namespace"),
      CommandExample("connreap doctor -o json", "print the checks for a script"),
    ],
    "stats": [
      CommandExample("connreap stats", "count sockets by state"),
      CommandExample(
        "connreap stats --by process --state close-wait",
        "count the leaked connections of each process"),
      CommandExample(
        "connreap stats --by program,peer --watch 10s",
        "count by program and peer every 10 seconds, with changes"),
    ],
    "listeners": [
      CommandExample("connreap listeners", "list all listening sockets"),
      CommandExample(
        "connreap listeners --port 8080 --watch 5s", "watch the accept queue of one port"),
      CommandExample(
        "connreap listeners --netns all -o json", "list those of all containers for a script"),
    ],
    "log": [
      CommandExample("connreap log --since yesterday", "show what was closed since yesterday"),
      CommandExample(
        "connreap log --result failed,unverified", "show what could not be closed or verified"),
      CommandExample(
        "connreap log --process java --follow", "show closed connections of java as they come"),
    ],
    "top": [
      CommandExample("connreap top", "watch all connections"),
      CommandExample(
        "connreap top --process java --state close-wait", "watch the leaked connections of java"),
      CommandExample(
        "connreap top --netns all --interval 5s", "watch all containers, every 5 seconds"),
    ],
    "report": [
      CommandExample("connreap report --html report.html", "write a page about this machine"),
      CommandExample(
        "connreap report --html report.html --leaked-after 10m",
        "count only connections in CLOSE-WAIT for at least 10 minutes as leaked"),
      CommandExample(
        "connreap report --html report.html --replay machine.rec",
        "write a page about a recording"),
    ],
    "metrics": [
      CommandExample("connreap metrics", "print the metrics"),
      CommandExample(
        "connreap metrics --textfile /var/lib/prometheus/node-exporter/connreap.prom",
        "write them for node_exporter"),
      CommandExample(
        "connreap metrics --netns all --top 50",
        "cover all containers, and list up to 50 processes separately"),
    ],
  ]
}
