"""What is measured, and what it is measured against. Only ratios of one run are compared."""

EVERY_STATE = "0xffe"
CLOSE_WAIT = "0x100"

# What is run with each load: a name, and the command. THREADS is the number of cores.
FLOORS = {
    "floor: dump": "floor dump 0 " + EVERY_STATE,
    "floor: dump with tcp_info": "floor dump 2 " + EVERY_STATE,
    "floor: dump of close-wait": "floor dump 2 " + CLOSE_WAIT,
    "floor: walk of /proc": "floor walk THREADS",
}
TOOL = {
    "list": "connreap list",
    "list -o json": "connreap list -o json",
    "list --idle 1h": "connreap list --idle 1h",
    "list --state close-wait": "connreap list --state close-wait",
    "list --state close-wait, without owners":
        "connreap list --state close-wait --columns state,local,peer,idle",
    "list --local-port 8000 --limit 10": "connreap list --local-port 8000 --limit 10",
    "stats": "connreap stats",
}
PEERS = {
    "ss -tn": "ss -tn",
    "ss -tan into awk": ["sh", "-c", "ss -tan | awk '{n[$1]++} END {for (s in n) print s, n[s]}'"],
    "lsof -nP -iTCP": "lsof -nP -iTCP",
    "ss -tnp": "ss -tnp",
    "netstat -tanp": "netstat -tanp",
}

# A run is ended after this many seconds, and not repeated; a peer that it is to be many times
# faster than gets as many more.
PATIENCE = 60

DUMP, DUMP_INFO = "floor: dump", "floor: dump with tcp_info"
DUMP_CLOSE_WAIT, WALK = "floor: dump of close-wait", "floor: walk of /proc"

# The sizes a target is for: the machine of 80 small processes, or the loads by their sockets.
SMALL = "small"
LARGE = ("100k", "1M")
LARGEST = ("1M",)

# (what, the work, what it is compared with: the sum of these, the most the ratio may be, sizes)
TIME_TARGETS = [
    ("everything with owners, against dump with tcp_info and walk",
     "list", [DUMP_INFO, WALK], 1.5, LARGE),
    ("everything with owners, 6 times faster than lsof", "list", ["lsof -nP -iTCP"], 1 / 6, LARGEST),
    ("everything with owners, 150 times faster than ss -tnp", "list", ["ss -tnp"], 1 / 150, LARGEST),
    ("--idle that matches nothing, against dump with tcp_info",
     "list --idle 1h", [DUMP_INFO], 1.3, LARGE),
    ("close-wait without owners, against the dump of that state",
     "list --state close-wait, without owners", [DUMP_CLOSE_WAIT], 1.3, LARGE),
    ("close-wait with owners, against that dump and walk",
     "list --state close-wait", [DUMP_CLOSE_WAIT, WALK], 1.3, LARGE),
    ("stats, against dump without tcp_info", "stats", [DUMP], 1.2, LARGE),
    ("stats, 4 times faster than ss into awk", "stats", ["ss -tan into awk"], 1 / 4, LARGE),
    ("kill, for each connection, against one destroy", "kill", ["floor: destroy"], 3, LARGE),
    ("80 small processes, against ss -tnp", "list", ["ss -tnp"], 1, (SMALL,)),
]

# (what, the work, the most MB, sizes)
MEMORY_TARGETS = [
    ("everything with owners", "list", 200, LARGEST),
    ("nothing matches", "list --idle 1h", 40, LARGEST),
    ("one state in twenty, without owners",
     "list --state close-wait, without owners", 40, LARGEST),
    ("one port in fifty, with owners", "list --local-port 8000 --limit 10", 40, LARGEST),
]

# Time for each socket at a size, against that at the size before, may grow by this much at most.
GROWTH_TARGET = 1.3
