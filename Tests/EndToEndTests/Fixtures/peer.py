"""A process that opens sockets on request.

It reads JSON requests from standard input, one per line, and answers each with a line of JSON.
Every call that could block has a timeout. It exits on EOF, so that it does not outlive its test.
"""

import ctypes
import errno
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import states

SO_COOKIE = 57
IPPROTO_MPTCP = 262
ETH_P_ALL, PACKET_OUTGOING = 0x3, 4
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME = 1, 4, 15
CLONE_FILES, CLONE_NEWPID = 0x400, 0x20000000
FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
SHUTDOWNS = {"read": socket.SHUT_RD, "write": socket.SHUT_WR, "both": socket.SHUT_RDWR}

libc = ctypes.CDLL(None, use_errno=True)
sockets = {}
children = []
# A pipe whose EOF tells forked children that this process has exited.
lifeline = []
held = []


def cookie_of(sock):
    return struct.unpack("=Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def describe(sock):
    answer = {
        "fd": sock.fileno(),
        "inode": os.fstat(sock.fileno()).st_ino,
        "cookie": hex(cookie_of(sock)),
        "local_port": sock.getsockname()[1],
    }
    try:
        answer["peer_port"] = sock.getpeername()[1]
    except OSError:
        pass
    return answer


def keep(name, sock):
    if name in sockets:
        raise ValueError(f"a socket named {name} already exists")
    sockets[name] = sock
    return describe(sock)


def set_loopback(up):
    with socket.socket() as sock:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags))
    return {}


def hello(request):
    return {"pid": os.getpid()}


def socket_address(address, port):
    """A socket address. The host may end in % and an interface name."""
    host, _, zone = address.partition("%")
    return (host, port, 0, socket.if_nametoindex(zone)) if zone else (host, port)


def listen(request):
    sock = socket.socket(FAMILIES[request.get("family", "ipv4")])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if request.get("shared", False):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if "device" in request:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, request["device"].encode())
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(request.get("v6only", True)))
    sock.bind(socket_address(request["address"], request["port"]))
    sock.listen(request.get("backlog", 128))
    return keep(request["as"], sock)


def bind(request):
    """Opens a socket that is only bound to a port."""
    sock = socket.socket(FAMILIES[request.get("family", "ipv4")])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(socket_address(request["address"], request["port"]))
    return keep(request["as"], sock)


def connect(request):
    sock = socket.socket(FAMILIES[request.get("family", "ipv4")])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "mark" in request:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, request["mark"])
    if "device" in request:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, request["device"].encode())
    if "source_port" in request:
        any_address = "::" if sock.family == socket.AF_INET6 else "0.0.0.0"
        sock.bind(socket_address(request.get("source", any_address), request["source_port"]))
    if request.get("wait", True):
        sock.settimeout(5)
        sock.connect(socket_address(request["address"], request["port"]))
    else:
        sock.setblocking(False)
        code = sock.connect_ex(socket_address(request["address"], request["port"]))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
    return keep(request["as"], sock)


def accept(request):
    listener = sockets[request["on"]]
    listener.settimeout(5)
    sock, _ = listener.accept()
    sock.settimeout(5)
    return keep(request["as"], sock)


def pairs(request):
    """Opens and accepts several connections to a listener."""
    listener = sockets[request["on"]]
    listener.settimeout(5)
    for number in range(request["count"]):
        client = socket.socket(listener.family)
        client.settimeout(5)
        client.connect(listener.getsockname()[:2])
        keep(f"{request['as']}-client-{number}", client)
        server, _ = listener.accept()
        server.settimeout(5)
        keep(f"{request['as']}-server-{number}", server)
    return {}


def hold_states(request):
    held.extend(states.hold(request["counts"]))
    return {}


def mptcp_pair(request):
    """Opens an MPTCP connection and keeps both ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP) as listener:
        listener.bind(("127.0.0.1", request["port"]))
        listener.listen()
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
        client.settimeout(5)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        server.settimeout(5)
    keep(f"{request['as']}-client", client)
    keep(f"{request['as']}-server", server)
    return {}


def keepalive(request):
    """The keepalive settings: SO_KEEPALIVE, idle time, interval, count and user timeout."""
    sock = sockets[request["on"]]
    tcp = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
    values = [sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
    return {"values": values + [sock.getsockopt(socket.IPPROTO_TCP, option) for option in tcp]}


def sniff(request):
    """Starts capturing packets on loopback."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    sock.bind(("lo", ETH_P_ALL))
    sockets["sniffer"] = sock
    return {}


def sniffed(request):
    """The TCP flags of segments sent from a port since the last call, as in tcpdump."""
    sock = sockets["sniffer"]
    sock.settimeout(request.get("timeout", 0.2))
    seen = []
    try:
        while True:
            packet, address = sock.recvfrom(65536)
            # On loopback, each packet is captured both outgoing and incoming.
            if address[2] == PACKET_OUTGOING or packet[0] >> 4 != 4 or packet[9] != 6:
                continue
            segment = packet[(packet[0] & 15) * 4:]
            if struct.unpack_from("!H", segment)[0] == request["port"]:
                flags = segment[13]
                names = zip("FSRP", (0x1, 0x2, 0x4, 0x8))
                seen.append("".join(name for name, bit in names if flags & bit) or ".")
    except (BlockingIOError, socket.timeout):
        return {"flags": seen}


def send(request):
    return {"count": sockets[request["on"]].send(request["text"].encode(), socket.MSG_NOSIGNAL)}


def fill(request):
    """Sends until the send buffer is full."""
    sock = sockets[request["on"]]
    sock.setblocking(False)
    sent = 0
    try:
        while True:
            sent += sock.send(bytes(65536), socket.MSG_NOSIGNAL)
    except BlockingIOError:
        return {"count": sent}
    finally:
        sock.settimeout(5)


def receive(request):
    sock = sockets[request["on"]]
    sock.settimeout(request.get("timeout", 5))
    data = sock.recv(request.get("size", 65536))
    return {"count": len(data), "text": data.decode(errors="replace")}


def shut(request):
    sockets[request["on"]].shutdown(SHUTDOWNS[request["how"]])
    return {}


def close(request):
    sockets.pop(request["on"]).close()
    return {}


def reset(request):
    """Closes with an RST, which frees the ports at once."""
    sock = sockets.pop(request["on"])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    return {}


def close_many(request):
    """Closes sockets one by one, spread over a time."""
    pause = request["seconds"] / max(1, len(request["on"]))
    for name in request["on"]:
        sockets.pop(name).close()
        time.sleep(pause)
    return {}


def drop(request):
    """Closes every socket whose name has a prefix."""
    for name in [name for name in sockets if name.startswith(request["prefix"])]:
        sockets.pop(name).close()
    return {}


def poll(request):
    sock = sockets[request["on"]]
    poller = select.poll()
    poller.register(sock, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
    seen = sum(events for _, events in poller.poll(request.get("timeout_ms", 0)))
    names = ("POLLIN", "POLLOUT", "POLLERR", "POLLHUP", "POLLRDHUP")
    return {"events": [name for name in names if seen & getattr(select, name)]}


def describe_one(request):
    return describe(sockets[request["on"]])


def error(request):
    code = sockets[request["on"]].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return {"errno": errno.errorcode[code] if code else None}


def rename(request):
    """Sets the process name: up to 15 bytes in hexadecimal, as it may not be valid UTF-8."""
    libc.prctl(PR_SET_NAME, ctypes.c_char_p(bytes.fromhex(request["hex"])), 0, 0, 0)
    return {}


def become(request):
    """Switches permanently to another user, without any privileges."""
    os.setgroups([])
    os.setresgid(request["user"], request["user"], request["user"])
    os.setresuid(request["user"], request["user"], request["user"])
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if request.get("readable"):
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    return {}


def start_threads(count, are_together, descriptors):
    """Starts threads with separate descriptor tables, or with one shared table."""
    ready = threading.Semaphore(0)
    threading.stack_size(128 << 10)

    def run_first():
        if libc.unshare(CLONE_FILES):
            os._exit(1)
        for _ in range(descriptors):
            os.open("/dev/null", os.O_RDONLY)
        if are_together:
            for _ in range(count - 1):
                threading.Thread(target=wait, daemon=True).start()
        wait()

    def wait():
        ready.release()
        while True:
            time.sleep(60)

    for _ in range(1 if are_together else count):
        threading.Thread(target=run_first, daemon=True).start()
    for _ in range(count):
        ready.acquire()


def fork(request):
    """Forks a child that holds only the named sockets, until this process exits.

    With "threads", only this many threads with separate descriptor tables hold them. With
    "container", the child is PID 1 of a new PID namespace.
    """
    is_container = request.get("container", False)
    if is_container and libc.unshare(CLONE_NEWPID):
        raise OSError(ctypes.get_errno(), "unshare")
    if not lifeline:
        lifeline.extend(os.pipe())
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.close(lifeline[1])
        for name, sock in sockets.items():
            if name not in request["keep"]:
                sock.close()
        if "name" in request:
            libc.prctl(PR_SET_NAME, ctypes.c_char_p(request["name"].encode()), 0, 0, 0)
        if "threads" in request:
            start_threads(request["threads"], request["together"], request["descriptors"])
            for name in request["keep"]:
                sockets[name].close()
        os.write(writing, b"1")
        # A parent that became another user cannot signal this process, even with PR_SET_PDEATHSIG.
        os.read(lifeline[0], 1)
        os._exit(0)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    children.append(pid)
    return {"pid": pid}


def run(request):
    """Runs a command that inherits none of the sockets."""
    done = subprocess.run(
        request["arguments"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
        env={**os.environ, **request.get("environment", {})})
    return {
        "status": done.returncode,
        "output": done.stdout.decode(),
        "errors": done.stderr.decode(),
    }


def can_destroy(request):
    """Requests to destroy an impossible connection. ENOENT means that the kernel supports it."""
    sock_destroy, flags = 21, 0x5  # NLM_F_REQUEST | NLM_F_ACK
    identity = struct.pack(
        "!HH4s12x4s12x", 1, 1, socket.inet_aton("127.255.255.254"),
        socket.inet_aton("127.255.255.253"))
    body = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF)
    body += identity + struct.pack("=III", 0, 0x7FFFFFFE, 0x7FFFFFFE)
    netlink_sock_diag = 4
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, netlink_sock_diag) as sock:
        sock.settimeout(5)
        sock.send(struct.pack("=IHHII", 16 + len(body), sock_destroy, flags, 1, 0) + body)
        return {"errno": errno.errorcode.get(-struct.unpack_from("=i", sock.recv(4096), 16)[0])}


def react(request):
    """Starts an event loop that waits for an error on a socket, for at most 30 seconds.

    It then closes the socket or, to spin, ignores the event, which epoll reports again at once.
    """
    sock = sockets[request["on"]]
    loop = select.epoll()
    loop.register(sock.fileno(), 0)

    def watch():
        if request["how"] == "spin":
            # Otherwise a busy machine gives the thread too little time to count as spinning.
            os.setpriority(os.PRIO_PROCESS, 0, -15)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if loop.poll(1) and request["how"] == "close":
                sock.close()
                return

    threading.Thread(target=watch, daemon=True).start()
    return {}


VERBS = {
    "hello": hello,
    "up": lambda _: set_loopback(True),
    "down": lambda _: set_loopback(False),
    "listen": listen,
    "bind": bind,
    "connect": connect,
    "accept": accept,
    "pairs": pairs,
    "states": hold_states,
    "mptcp-pair": mptcp_pair,
    "keepalive": keepalive,
    "sniff": sniff,
    "sniffed": sniffed,
    "send": send,
    "fill": fill,
    "receive": receive,
    "shutdown": shut,
    "close": close,
    "close-many": close_many,
    "drop": drop,
    "reset": reset,
    "poll": poll,
    "describe": describe_one,
    "error": error,
    "react": react,
    "rename": rename,
    "become": become,
    "fork": fork,
    "run": run,
    "can-destroy": can_destroy,
}


def answer_to(request):
    try:
        return VERBS[request["do"]](request)
    except BlockingIOError:
        return {"errno": "EAGAIN"}
    except OSError as problem:
        # A timeout of Python has no errno, unlike the kernel's ETIMEDOUT in the same class.
        if problem.errno is None:
            return {"errno": "EAGAIN"}
        return {"errno": errno.errorcode.get(problem.errno, str(problem.errno))}
    except Exception as problem:  # A fault of the test, reported instead of exiting.
        return {"fault": f"{request}: {type(problem).__name__}: {problem}"}


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for line in sys.stdin:
        print(json.dumps(answer_to(json.loads(line))), flush=True)
    if lifeline:
        os.close(lifeline[1])
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except PermissionError:
            pass  # It exits on EOF of the lifeline.
        os.waitpid(pid, 0)


main()
