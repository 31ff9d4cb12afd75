import Foundation
import Testing

/// The order of the modules: each imports only modules that precede it.
@Suite struct ModuleOrderTests {
  /// The Swift modules of the package, in dependency order.
  private static let order = [
    "Connections", "Threads", "Privileges", "Screens", "StateFiles", "History", "ProcessTable",
    "Notifying", "DescriptorActions", "Netlink", "SocketDiagnostics", "Selection", "Scanning",
    "PolicyEngine", "Reaping", "Rendering", "Presentation", "Operations", "Reports", "LiveView",
    "ConnreapCommands", "connreap",
  ]

  /// The modules that Rendering may import. It must not depend on commands.
  private static let belowRendering: Set = ["Connections", "Screens", "Threads"]

  /// The names of the package's own modules that `file` imports.
  private func imports(of file: URL) throws -> Set<String> {
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let names = lines.compactMap { line -> String? in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(of: "import"), index <= 1, words.count == index + 2 else {
        return nil
      }
      return String(words[index + 1])
    }
    return Set(names).intersection(Self.order)
  }

  private func files(of module: String) throws -> [URL] {
    let directory = URL(filePath: Checkout.path).appending(path: "Sources/\(module)")
    let all = try #require(
      FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
    return all.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
  }

  @Test(arguments: order)
  func modulesImportOnlyPrecedingModules(module: String) throws {
    let index = try #require(Self.order.firstIndex(of: module))
    let preceding = Set(Self.order[..<index])
    let files = try files(of: module)
    #expect(!files.isEmpty)
    for file in files {
      #expect(try imports(of: file).subtracting(preceding) == [], "\(file.path())")
    }
  }

  @Test func renderingDoesNotDependOnCommands() throws {
    for file in try files(of: "Rendering") {
      #expect(try imports(of: file).subtracting(Self.belowRendering) == [], "\(file.path())")
    }
  }

  @Test func orderContainsEveryModule() throws {
    let directories = try FileManager.default.contentsOfDirectory(
      atPath: Checkout.path + "/Sources")
    // C modules import nothing and are not checked.
    let modules = directories.filter { !$0.hasPrefix("C") || Self.order.contains($0) }
    #expect(Set(modules) == Set(Self.order))
  }

  @Test func onlyTheCommandLineImportsArgumentParser() throws {
    for module in Self.order.dropLast(2) {
      for file in try files(of: module) {
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(!text.contains("import ArgumentParser"), "\(file.path())")
      }
    }
  }
}
