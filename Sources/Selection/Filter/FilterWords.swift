import Connections

/// The words that start a term of a filter.
enum FilterWords {
  /// What to say where a term is expected.
  static let exampleTerms = "a term, such as established, sport = :443 or idle > 1h"

  /// The words of `ss` and of pcap that are not those of a key.
  private static let own = [
    "exclude", "excl", "src", "dst", "sport", "dport", "dev", "fwmark", "autobound", "net",
    "portrange", "tcp", "ip", "ip6", "not", "and", "or",
  ]

  /// Every word that can start a term or join two, to suggest one.
  static var all: [String] {
    own + SelectionKey.allCases.filter { $0 != .filter }.map(\.rawValue) + TCPStateSet.words
  }

  /// Words of pcap about packets, and those of other protocols.
  static let foreign: Set<String> = [
    "arp", "broadcast", "decnet", "ether", "fddi", "gateway", "greater", "icmp", "icmp6", "igmp",
    "inbound", "len", "less", "link", "llc", "mpls", "multicast", "outbound", "pppoes", "proto",
    "protochain", "rarp", "sctp", "udp", "vlan", "wlan",
  ]

  /// Whether `word` is a term about packets or another protocol, `tcp[13]` included.
  static func isForeign(_ word: String) -> Bool {
    foreign.contains(word) || word.hasPrefix("tcp[") || word.hasPrefix("ip[")
      || word.hasPrefix("ip6[")
  }
}
