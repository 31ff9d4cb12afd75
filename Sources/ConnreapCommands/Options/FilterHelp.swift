/// What the help of `list` and `kill` says of filters.
enum FilterHelp {
  static let text = """
    Trailing words, or --filter, are a filter, ANDed with the options. It takes the filters of \
    ss, state established '( dport = :ssh or sport = :ssh )' dst 10.0.0.0/8; the terms of \
    tcpkill, port 80 and host 192.168.1.100, with net, portrange, src and dst; and every option \
    as a term: idle > 1h, process != sshd, recv-queue >= 1k, local-port < 1024. They are joined \
    by and, or, not and parentheses, and the and may be left out. As in ss and pcap, and and or bind \
    alike, from left to right: use parentheses. src is the local end and dst the peer, always. A \
    state in a filter replaces the default states.
    """
}
