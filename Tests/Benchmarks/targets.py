"""The measured commands and their targets. Targets compare ratios within one run."""

EVERY_STATE = "0xffe"
CLOSE_WAIT = "0x100"

# The commands that run with each load, by name. THREADS stands for the number of cores.
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

# A run is killed after this many seconds and not repeated. A program that connreap must be many
# times faster than gets more time.
TIMEOUT = 60

DUMP, DUMP_INFO = "floor: dump", "floor: dump with tcp_info"
DUMP_CLOSE_WAIT, WALK = "floor: dump of close-wait", "floor: walk of /proc"

# The sizes that a target applies to: the machine with 80 small processes, or loads by their
# sockets.
SMALL = "small"
LARGE = ("100k", "1M")
LARGEST = ("1M",)

# (title, work, the works whose total time it is compared with, maximum ratio, sizes)
TIME_TARGETS = [
    ("list with owners, against dump with tcp_info plus walk",
     "list", [DUMP_INFO, WALK], 1.5, LARGE),
    ("list with owners, 6 times faster than lsof", "list", ["lsof -nP -iTCP"], 1 / 6, LARGEST),
    ("list with owners, 150 times faster than ss -tnp", "list", ["ss -tnp"], 1 / 150, LARGEST),
    ("list --idle without matches, against dump with tcp_info",
     "list --idle 1h", [DUMP_INFO], 1.3, LARGE),
    ("close-wait without owners, against dump of that state",
     "list --state close-wait, without owners", [DUMP_CLOSE_WAIT], 1.3, LARGE),
    ("close-wait with owners, against that dump plus walk",
     "list --state close-wait", [DUMP_CLOSE_WAIT, WALK], 1.3, LARGE),
    ("stats, against dump without tcp_info", "stats", [DUMP], 1.2, LARGE),
    ("stats, 4 times faster than ss into awk", "stats", ["ss -tan into awk"], 1 / 4, LARGE),
    ("kill per connection, against one destroy", "kill", ["floor: destroy"], 3, LARGE),
    ("80 small processes, against ss -tnp", "list", ["ss -tnp"], 1, (SMALL,)),
]

# (title, work, maximum MB, sizes)
MEMORY_TARGETS = [
    ("list with owners", "list", 200, LARGEST),
    ("list --idle without matches", "list --idle 1h", 40, LARGEST),
    ("one state in twenty, without owners",
     "list --state close-wait, without owners", 40, LARGEST),
    ("one port in fifty, with owners", "list --local-port 8000 --limit 10", 40, LARGEST),
]

# The maximum growth of the time per socket from one size to the next.
GROWTH_TARGET = 1.3
