import Connections
import Selection
import TestSupport

/// Generates random selections with matching and non-matching ports and addresses.
struct GeneratedSelection {
  let ports: [UInt16]
  let addresses: [String]
  let interfaces: [UInt32]
  /// Whether to generate only terms that the kernel can evaluate.
  var isForKernelOnly = false

  func predicate(depth: Int, _ generator: inout Seeded) -> SelectionPredicate {
    func parts() -> [SelectionPredicate] {
      (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        predicate(depth: depth - 1, &generator)
      }
    }
    switch Int.random(in: 0..<(depth == 0 ? 5 : 10), using: &generator) {
    case 0...4: return .term(term(&generator))
    case 5, 6: return .all(parts())
    case 7, 8: return .any(parts())
    default: return .not(predicate(depth: depth - 1, &generator))
    }
  }

  private func term(_ generator: inout Seeded) -> SelectionTerm {
    let end = ConnectionEnd.allCases.randomElement(using: &generator) ?? .either
    switch Int.random(in: 0..<(isForKernelOnly ? 6 : 12), using: &generator) {
    case 0, 1:
      let low = ports.randomElement(using: &generator) ?? 1
      let high = Bool.random(using: &generator) ? low : ports.randomElement(using: &generator) ?? 1
      return .port(end, min(low, high)...max(low, high))
    case 2, 3: return .address(end, block(&generator))
    case 4: return .interface(interfaces.randomElement(using: &generator) ?? 0)
    case 5: return .family(Bool.random(using: &generator) ? .ipv4 : .ipv6)
    case 6, 7:
      return .states(
        TCPStateSet.all.intersection(
          TCPStateSet(TCPState.allCases.filter { _ in Bool.random(using: &generator) })))
    case 8: return .idle(atLeast: [0, 1_000_000].randomElement(using: &generator) ?? 0)
    case 9: return .user([0, 1000].randomElement(using: &generator) ?? 0)
    case 10: return .receiveQueue(atLeast: 1)
    default: return .mark(UInt32.random(in: 0...1, using: &generator), mask: 1)
    }
  }

  private func block(_ generator: inout Seeded) -> AddressBlock {
    let text = addresses.randomElement(using: &generator) ?? "::1"
    guard let address = IPAddress(text: text) else { preconditionFailure(text) }
    let lengths = address.family == .ipv4 ? [0, 8, 24, 31, 32] : [0, 64, 96, 104, 127, 128]
    let length = lengths.randomElement(using: &generator) ?? 0
    return AddressBlock(address, prefixLength: length) ?? AddressBlock(address)
  }
}
