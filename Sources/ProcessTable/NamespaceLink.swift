internal import Connections

/// The target of a link to a network namespace: `net:[4026532281]`.
enum NamespaceLink {
  private static let start = Array("net:[".utf8)

  /// The inode in a link target; nil if it is not a network namespace.
  static func inode(_ target: Span<UInt8>) -> UInt64? {
    let first = start.count
    let last = target.count - 1
    guard last > first, target[last] == UInt8(ascii: "]"),
      start.indices.allSatisfy({ target[$0] == start[$0] })
    else { return nil }
    var inode: UInt64 = 0
    for index in first..<last {
      guard target[index].isDecimalDigit else { return nil }
      let (tens, overflow) = inode.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(
        UInt64(target[index] - UInt8(ascii: "0")))
      guard !overflow, !sumOverflow else { return nil }
      inode = sum
    }
    return inode
  }
}
