/// The help on filters, shared by the commands with a selection.
enum FilterHelp {
  static let text = """
    Trailing words, or --filter, form a filter, ANDed with the options. It accepts filters of ss, \
    state established '( dport = :ssh or sport = :ssh )' dst 10.0.0.0/8; terms of tcpkill, \
    port 80 and host 192.168.1.100, with net, portrange, src and dst; and every option as a term: \
    idle > 1h, process != sshd, recv-queue >= 1k, local-port < 1024. Combine terms with 'and', \
    'or', 'not' and parentheses; 'and' may be omitted. As in ss and pcap, 'and' and 'or' have the \
    same precedence, from left to right, so use parentheses. src is always the local end, and dst \
    the peer. A state in a filter replaces the default states.
    """
}
