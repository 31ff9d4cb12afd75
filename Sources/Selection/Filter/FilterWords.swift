import Connections

/// The words that can start a term of a filter.
enum FilterWords {
  /// Describes a term in error messages.
  static let exampleTerms = "a term, such as established, sport = :443 or idle > 1h"

  /// The words of `ss` and pcap that are not selection keys.
  private static let own = [
    "exclude", "excl", "src", "dst", "sport", "dport", "dev", "fwmark", "autobound", "net",
    "portrange", "tcp", "ip", "ip6", "not", "and", "or",
  ]

  /// Every word that can start or join terms, for suggestions.
  static var all: [String] {
    own + SelectionKey.allCases.filter { $0 != .filter }.map(\.rawValue) + TCPStateSet.words
  }

  /// The pcap words about packets and other protocols.
  static let foreign: Set<String> = [
    "arp", "broadcast", "decnet", "ether", "fddi", "gateway", "greater", "icmp", "icmp6", "igmp",
    "inbound", "len", "less", "link", "llc", "mpls", "multicast", "outbound", "pppoes", "proto",
    "protochain", "rarp", "sctp", "udp", "vlan", "wlan",
  ]

  /// Whether `word` is a term about packets, such as `tcp[13]`, or about another protocol.
  static func isForeign(_ word: String) -> Bool {
    foreign.contains(word) || word.hasPrefix("tcp[") || word.hasPrefix("ip[")
      || word.hasPrefix("ip6[")
  }
}
