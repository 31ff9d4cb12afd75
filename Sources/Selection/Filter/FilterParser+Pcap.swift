import Connections

// The pcap terms `host`, `net`, `port` and `portrange`, optionally after `tcp`, `ip`, `src`, `dst`.
extension FilterParser {
  /// A pcap term: qualifiers, an optional comparison, and a value or a group.
  mutating func pcapTerm() throws(FilterProblem) -> SelectionPredicate {
    var qualifiers = FilterQualifiers()
    let first = take()
    try add(first, to: &qualifiers)
    var last = first
    while let word = token.keyword, canFollow(word, qualifiers) {
      last = take()
      try add(last, to: &qualifiers)
    }
    guard qualifiers.direction != nil || qualifiers.type != nil else {
      inherited = nil
      return network(qualifiers.network)
    }
    let comparison = takeComparison()
    if comparison == nil, token.kind == .open {
      inherited = qualifiers
      return try group().predicate
    }
    let value = try value(qualifiers.type?.expected ?? "a host, as in 10.0.0.0/8:443")
    // `port > 80 or 443` would be ambiguous, so no value inherits from a term with a comparison.
    inherited = comparison == nil ? qualifiers : nil
    return try compared(qualifiers, comparison, value, after: last)
  }

  private func canFollow(_ word: String, _ qualifiers: FilterQualifiers) -> Bool {
    switch word {
    case "src", "dst": qualifiers.direction == nil
    case "host", "net", "port", "portrange": qualifiers.type == nil
    default: false
    }
  }

  /// Adds one qualifier; `src or dst` and `src and dst` count as one.
  private mutating func add(
    _ word: FilterToken, to qualifiers: inout FilterQualifiers
  ) throws(FilterProblem) {
    switch word.text {
    case "src":
      qualifiers.direction = .src
      if (token.kind == .or || token.kind == .and), nextToken.keyword == "dst" {
        qualifiers.direction = take().kind == .or ? .either : .both
        take()
      }
    case "dst": qualifiers.direction = .dst
    default:
      qualifiers.network = qualifiers.network ?? FilterQualifiers.Network(rawValue: word.text)
      qualifiers.type = qualifiers.type ?? FilterQualifiers.Kind(rawValue: word.text)
    }
  }

  /// The connections with IPv4 or IPv6 packets, whatever the family of the socket.
  private func network(_ network: FilterQualifiers.Network?) -> SelectionPredicate {
    let anyV4 = AddressBlock(IPAddress(v4: 0), prefixLength: 0).map {
      SelectionPredicate.term(.address(.local, $0))
    }
    switch (network, anyV4) {
    case (.ip, let anyV4?): return anyV4
    case (.ip6, let anyV4?): return .not(anyV4)
    default: return .everything
    }
  }

  /// A bare value with inherited qualifiers.
  mutating func qualified(
    _ qualifiers: FilterQualifiers, _ comparison: FilterComparison, _ value: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    try compared(qualifiers, (comparison, value), value, after: value)
  }

  private mutating func compared(
    _ qualifiers: FilterQualifiers, _ comparison: (FilterComparison, FilterToken)?,
    _ value: FilterToken, after word: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    var parts: [SelectionPredicate] = []
    if let network = qualifiers.network, network != .tcp { parts.append(self.network(network)) }
    let mask = qualifiers.type == .net ? try takeMask() : nil
    for end in qualifiers.direction?.ends ?? [.either] {
      switch qualifiers.type {
      case .port, .portrange:
        parts.append(try ports(end.portKey, comparison, value))
      case .host, .net, nil:
        parts.append(
          try equality(comparison, of: word) { parser throws(FilterProblem) in
            switch qualifiers.type {
            case nil where end == .either:
              .any([try parser.host(.local, value), try parser.host(.peer, value)])
            case nil: try parser.host(end, value)
            case .net: try parser.network(end, value, mask: mask)
            default: try parser.selection(end.hostKey, value)
            }
          })
      }
    }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func takeMask() throws(FilterProblem) -> FilterToken? {
    guard token.keyword == "mask" else { return nil }
    take()
    return try value("a mask, as in mask 255.0.0.0")
  }

  /// `10`, `10.1/16`, `10.0.0.0 mask 255.0.0.0`, `2001:db8::/32`.
  private func network(
    _ end: ConnectionEnd, _ value: FilterToken, mask: FilterToken?
  ) throws(FilterProblem) -> SelectionPredicate {
    guard let network = FilterNetwork(value.text, mask: mask?.text) else {
      throw problem(
        mask == nil ? .notANetwork : .notAMask, at: mask ?? value,
        expected: mask == nil ? FilterQualifiers.Kind.net.expected : "a mask, as in 255.0.0.0")
    }
    return .term(.address(end, network.block))
  }
}

extension ConnectionEnd {
  /// The key that selects the port of this end.
  var portKey: SelectionKey {
    switch self {
    case .local: .localPort
    case .peer: .peerPort
    case .either: .port
    }
  }

  /// The key that selects the address of this end.
  var hostKey: SelectionKey {
    switch self {
    case .local: .local
    case .peer: .peer
    case .either: .host
    }
  }
}
