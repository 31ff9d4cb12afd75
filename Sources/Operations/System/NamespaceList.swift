package import Connections
import SystemPackage

/// The value of `--netns`: names, pids and paths, separated by commas.
package enum NamespaceList {
  /// At most this many commas are part of one name or path.
  private static let maximumCommas = 16

  /// The items of `value`. A comma inside a known name or an existing path is not a separator.
  package static func items(of value: String, known: Set<KernelName>) -> [String] {
    let parts = value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    var items: [String] = []
    var first = 0
    while first < parts.count {
      let limit = min(parts.count, first + 1 + maximumCommas)
      let end = (first + 2..<limit + 1).last { end in
        let run = parts[first..<end].joined(separator: ",")
        return known.contains(KernelName(run)) || run.contains("/") && exists(run)
      }
      items.append(parts[first..<(end ?? first + 1)].joined(separator: ","))
      first = end ?? first + 1
    }
    return items
  }

  private static func exists(_ path: String) -> Bool { (try? FilePath(path).stat()) != nil }
}
