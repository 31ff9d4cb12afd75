import FoundationEssentials
import Testing

/// connreap distinguishes two services of one interpreter that differ only in their jar or script.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .serialized) struct InterpreterTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory
  private let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    listener = try namespace.server.listen("database", port: 5432)
  }

  /// The command that runs the service `name` with an interpreter.
  private func command(_ interpreter: String, _ name: String) throws -> [String] {
    let copy = "\(directory.path)/\(name)"
    switch interpreter {
    case "java":
      let classes = directory.path + "/classes"
      try run("javac", "-d", classes, Tools.fixture("Service.java"))
      try run("jar", "--create", "--file", copy, "--main-class", "Service", "-C", classes, ".")
      return ["java", "-Xmx32m", "-jar", copy]
    case "node": try run("cp", Tools.fixture("service.js"), copy)
    default: try run("cp", Tools.fixture("service.py"), copy)
    }
    return [interpreter, copy]
  }

  private func run(_ words: String...) throws {
    let ended = try Command.run(words, seconds: 60)
    try #require(ended.status == 0, "\(words): \(ended.errorText)")
  }

  /// Starts a service that leaks `count` connections, which the database closes.
  private func start(_ interpreter: String, _ name: String, leaking count: Int) throws -> Command {
    let service = try Command(
      namespace.entering + command(interpreter, name) + ["5432", "\(count)"])
    for number in 1...count {
      try namespace.server.accept("\(name)-\(number)", from: listener).close()
    }
    return service
  }

  @Test(arguments: [("java", "jar"), ("node", "js"), (Tools.python, "py")])
  func servicesAreNamedAfterWhatTheyRun(interpreter: String, suffix: String) throws {
    let (orders, stock) = ("orders.\(suffix)", "stock.\(suffix)")
    let services = [
      try start(interpreter, orders, leaking: 3), try start(interpreter, stock, leaking: 2),
    ]
    defer {
      for service in services {
        service.signal(9)
        _ = try? service.end()
      }
    }
    try waitUntil("five connections have leaked") {
      try namespace.rows("--state", "close-wait", "--in-state", "1s").count == 5
    }
    let found = try LeakListing(
      namespace.connreap(
        "leaks", "-o", "json", "--leaked-after", "1s", "--netns", "\(namespace.server.pid)",
        "--state-dir", namespace.state.path
      ).text)
    #expect(found.leaks.map(\.program) == [orders, stock] && found.leaks.map(\.leaked) == [3, 2])
    for option in ["--process", "--command"] {
      let value = option == "--command" ? "*/\(stock)*" : stock
      #expect(try namespace.rows(option, value).count == 2)
    }
    let closed = try namespace.kill("--process", stock, "--state", "close-wait")
    #expect(closed.status == 0, "\(closed.errorText)")
    #expect(try namespace.rows("--state", "close-wait", "--process", orders).count == 3)
    #expect(try namespace.rows("--state", "close-wait", "--process", stock).isEmpty)
  }

  @Test func commandLinesAreShownToRootAndTheUserOfTheProcessOnly() throws {
    let service = try start(Tools.python, "orders.py", leaking: 1)
    defer {
      service.signal(9)
      _ = try? service.end()
    }
    let table = try namespace.connreap("list", "--columns", "command", "--state", "close-wait")
    #expect(table.text.contains("\(directory.path)/orders.py 5432 1"))
    let other = try namespace.connreap(
      ["list", "-o", "json", "--state", "close-wait"],
      behind: ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", "--"])
    #expect(!other.text.contains("orders.py 5432"), "\(other.text)")
    let written = try namespace.kill("--process", "orders.py")
    #expect(written.status == 0, "\(written.errorText)")
    let log = try Command.run(["cat", namespace.state.path + "/audit.jsonl"]).text
    #expect(log.contains("orders.py") && !log.contains("orders.py 5432"))
  }
}
