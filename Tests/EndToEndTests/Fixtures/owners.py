"""Changes the owners of connections while connreap is about to close them. Prints JSON.

    owners.py CONNREAP DIRECTORY scenario SELECTION WHEN HOW
    owners.py CONNREAP DIRECTORY random SEED ROUNDS COUNT
    owners.py CONNREAP DIRECTORY race SEED COUNT TOTAL

Run it in a network namespace whose loopback device is up, with a new DIRECTORY for each run.
"""

import ctypes
import datetime
import json
import mmap
import os
import pty
import random
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

CONNREAP, DIRECTORY, MODE = sys.argv[1:4]
PORT = 9000
STATE = f"{DIRECTORY}/state"
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_FILES, CLONE_NEWNET = 0x400, 0x40000000
TIMEOUT = 120
# A message carries at most 253 descriptors (SCM_MAX_FD).
BATCH = 250


class Shared:
    """Numbers in memory shared by this process and its children."""

    def __init__(self, *names):
        self.offsets = {name: 8 * index for index, name in enumerate(names)}
        self.memory = mmap.mmap(-1, 8 * len(names))

    def __getitem__(self, name):
        return struct.unpack_from("q", self.memory, self.offsets[name])[0]

    def __setitem__(self, name, number):
        struct.pack_into("q", self.memory, self.offsets[name], number)


# The number of sockets that a process has handed over.
HANDED = Shared("app", "guarded")


def rename(name):
    LIBC.prctl(15, name.encode(), 0, 0, 0)


def batches(values):
    return [values[start:start + BATCH] for start in range(0, len(values), BATCH)]


class Holder:
    """The requests that a process of the scene performs on the sockets that it holds."""

    def __init__(self, channels, control):
        self.held, self.channels, self.control = {}, channels, control
        self.listener = None

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", PORT), backlog=4096)

    def accept(self, count):
        for _ in range(count):
            accepted, peer = self.listener.accept()
            self.held[peer[1]] = accepted

    def send(self, to, ports, keeping=False):
        for part in batches(ports):
            # The ports identify the sockets, because getpeername fails on a destroyed socket.
            socket.send_fds(
                self.channels[to], [json.dumps(part).encode()],
                [self.held[port].fileno() for port in part])
            if not keeping:
                self.drop(part)

    def receive(self, by, count):
        while count > 0:
            count -= self.take(self.channels[by])

    def take(self, channel):
        text, numbers, _, _ = socket.recv_fds(channel, 65536, BATCH)
        for port, number in zip(json.loads(text), numbers):
            self.held[port] = socket.socket(fileno=number)
        return len(numbers)

    def drop(self, ports):
        for port in ports:
            self.held.pop(port).close()

    def keep_in_thread(self, ports):
        """Leaves the sockets only in a thread with a separate descriptor table."""
        ready = threading.Event()

        def run():
            LIBC.unshare(CLONE_FILES)
            ready.set()
            threading.Event().wait()

        threading.Thread(target=run, daemon=True).start()
        ready.wait()
        self.drop(ports)

    def rename(self, name):
        rename(name)

    def unshare(self):
        LIBC.unshare(CLONE_NEWNET)

    def fork(self, name, ports):
        ready = os.pipe()
        if os.fork() == 0:
            LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
            rename(name)
            for port, sock in self.held.items():
                if port not in ports:
                    os.close(sock.fileno())
            os.write(ready[1], b"x")
            while True:
                signal.pause()
        os.read(ready[0], 1)
        os.close(ready[0])
        os.close(ready[1])

    def execute(self, name):
        """Executes a program with this name, which inherits the sockets."""
        for sock in self.held.values():
            sock.set_inheritable(True)
        path = f"{DIRECTORY}/{name}"
        os.symlink("/bin/sleep", path)
        self.control.send(b"null")
        os.execv(path, [path, "600"])

    def bounce(self, to, name, seed):
        """Passes random sockets back and forth until the next request arrives."""
        random.seed(seed)
        channel, since, log = self.channels[to], {}, []
        while not select.select([self.control], [], [], 0)[0]:
            if select.select([channel], [], [], 0)[0]:
                before = set(self.held)
                self.take(channel)
                now = time.time()
                since.update({port: now for port in self.held.keys() - before})
                continue
            ports = random.sample(sorted(self.held), min(len(self.held), random.randint(1, 40)))
            if ports:
                now = time.time()
                log += [(port, since.pop(port, 0), now) for port in ports]
                self.send(to, ports)
                HANDED[name] += len(ports)
            # Some sockets stay long enough for a run to find them. Most do not.
            time.sleep(random.choice((0, 0, 0, 0.002, 0.02)))
        self.control.recv(1 << 20)
        log += [(port, since.get(port, 0), 1e12) for port in self.held]
        with open(f"{DIRECTORY}/{name}.json", "w") as file:
            json.dump(log, file)

    def serve(self):
        while True:
            text = self.control.recv(1 << 20)
            if not text:
                return
            verb, words = json.loads(text)
            answer = getattr(self, verb)(**words)
            self.control.send(json.dumps(answer).encode())


class Process:
    """A child process of the scene that performs one request at a time."""

    def __init__(self, name, channels):
        self.control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            self.control.close()
            LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
            rename(name)
            try:
                Holder(channels, far).serve()
            finally:
                os._exit(0)
        far.close()
        self.control.settimeout(TIMEOUT)

    def begin(self, verb, **words):
        self.control.send(json.dumps([verb, words]).encode())

    def end(self):
        return json.loads(self.control.recv(1 << 20) or sys.exit("a process has exited"))

    def ask(self, verb, **words):
        self.begin(verb, **words)
        return self.end()


class Scene:
    """Connections from this process, 'client', to 'app', which can pass them to others."""

    OTHERS = ("sshd", "worker", "guarded")

    def __init__(self):
        rename("client")
        ends = {name: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                for name in self.OTHERS}
        self.app = Process("app", {name: pair[0] for name, pair in ends.items()})
        self.others = {name: Process(name, {"app": pair[1]}) for name, pair in ends.items()}
        for pair in ends.values():
            for end in pair:
                end.close()
        self.app.ask("listen")
        self.clients = {}

    def connect(self, count):
        ports = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", PORT))
            ports.append(client.getsockname()[1])
            self.clients[ports[-1]] = client
        self.app.ask("accept", count=count)
        return ports

    def hand(self, ports, to, keeping=False):
        self.app.begin("send", to=to, ports=ports, keeping=keeping)
        self.others[to].ask("receive", by="app", count=len(ports))
        self.app.end()

    def change(self, how, ports):
        if how in ("hand-over", "share", "thread"):
            self.hand(ports, "sshd", keeping=how == "share")
            if how == "thread":
                self.others["sshd"].ask("keep_in_thread", ports=ports)
        elif how in ("to-worker", "to-guarded"):
            self.hand(ports, how[3:])
        elif how == "flight":
            self.app.ask("send", to="worker", ports=ports)
        elif how in ("fork-sshd", "fork-worker"):
            self.app.ask("fork", name=how[5:], ports=ports)
        elif how == "rename":
            self.app.ask("rename", name="sshd")
        elif how == "unshare":
            self.app.ask("unshare")
        elif how == "execute":
            self.app.ask("execute", name="sshd")
            deadline = time.monotonic() + TIMEOUT
            while open(f"/proc/{self.app.pid}/comm").read() != "sshd\n":
                if time.monotonic() > deadline:
                    sys.exit("app did not execute sshd in time")
                time.sleep(0.002)
        elif how != "nothing":
            sys.exit(f"no such change: {how}")

    def is_alive(self, port):
        client = self.clients[port]
        client.setblocking(False)
        try:
            return client.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


def connreap(*words):
    done = subprocess.run(
        [CONNREAP, *words], capture_output=True, text=True, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr


class Asker:
    """A process that runs connreap on a terminal and answers its question.

    It is the parent of the scene and holds no connection. connreap could take connections of its
    own ancestors for the user's session and spare them.
    """

    def __init__(self, channel):
        self.requests, self.answers = channel.makefile("r"), channel.makefile("w")

    def send(self, message):
        self.answers.write(json.dumps(message) + "\n")
        self.answers.flush()

    def receive(self):
        return json.loads(self.requests.readline() or sys.exit("the other process has exited"))

    def run(self, words):
        """Reports the question, answers it on request, and then reports the result."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(COLUMNS="240", NO_COLOR="1")
            os.execv(CONNREAP, [CONNREAP, *words])
        seen, asked, deadline = b"", False, time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                more = os.read(terminal, 65536)
            except OSError:
                break
            seen += more
            if not asked and b"[y/N]" in seen:
                asked = True
                self.send("asked")
                self.receive()
                os.write(terminal, b"y\n")
        else:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        self.send([status, seen.decode(), ""])

    def serve(self):
        for line in self.requests:
            self.run(json.loads(line))


def connreap_asking(change, *words):
    """Runs connreap on a terminal, and calls `change` before answering its question."""
    ASKER.send(words)
    while (answer := ASKER.receive()) == "asked":
        change()
        ASKER.send("changed")
    return tuple(answer)


def audit(state=STATE):
    try:
        with open(f"{state}/audit.jsonl") as file:
            lines = [json.loads(line) for line in file.read().split("\n")[:-1]]
    except FileNotFoundError:
        return []
    return [line for line in lines if "connection" in line]


def write_policy(rate, extra="", protect="guarded"):
    path = f"{DIRECTORY}/policy.yaml"
    with open(path, "w") as file:
        file.write(f"""version: 1
protect:
  - process: {protect}
policies:
  - name: close-all
    match: {{local-port: {PORT}{extra}}}
    action: destroy
    limit: 100000
    rate: {rate}
""")
    return path


def dry_run(*selection):
    status, plan, errors = connreap("kill", "--dry-run", "-o", "json", *selection)
    if status != 0:
        sys.exit(errors)
    path = f"{DIRECTORY}/plan.json"
    with open(path, "w") as file:
        file.write(plan)
    return path


def scenario(selection, when, how):
    scene = Scene()
    ports = scene.connect(6)
    words = ["--process", "app"] if selection == "process" else ["--local-port", str(PORT)]
    options = ["--state-dir", STATE]
    announced = 0
    if when == "question":
        ended = connreap_asking(lambda: scene.change(how, ports), "kill", *words, *options)
    elif when == "plan":
        path = dry_run(*words)
        scene.change(how, ports)
        ended = connreap("kill", "--yes", "--plan", path, *options)
    elif when == "run":
        path = write_policy(rate=2, extra=", process: app" if selection == "process" else "")
        run = subprocess.Popen(
            [CONNREAP, "policy", "apply", path, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + TIMEOUT
        while not audit() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        scene.change(how, ports)
        # connreap rereads the owners of connections that it announces later.
        announced = len(audit())
        output, errors = run.communicate(timeout=TIMEOUT)
        ended = run.returncode, output, errors
    lines = audit()

    def owners(*events):
        return sorted({
            owner["name"] for line in lines if line["event"] in events
            for owner in line["connection"]["owners"]})

    print(json.dumps({
        "status": ended[0], "output": ended[1], "errors": ended[2],
        "connections": len(ports), "announcedBeforeChange": announced,
        "alive": sum(map(scene.is_alive, ports)),
        "reasons": sorted({
            line["reason"].replace(str(scene.app.pid), "PID") for line in lines
            if line["event"] == "spared"}),
        "closedOwners": owners("closed"), "sparedOwners": owners("spared"),
    }))


def random_rounds(seed, rounds, count):
    """Applies plans after random changes to the owners of their connections."""
    random.seed(seed)
    result = {"steps": 0, "closed": 0, "spared": 0, "wrong": [], "left": []}
    changes = (
        "nothing", "nothing", "hand-over", "share", "to-worker", "flight", "fork-sshd",
        "fork-worker", "thread")
    for number in range(rounds):
        scene = Scene()
        ports = scene.connect(count)
        hows = {port: random.choice(changes) for port in ports}
        app = random.choice(("nothing", "nothing", "nothing", "rename", "unshare", "execute"))
        is_worker_renamed = random.random() < 0.3

        def change():
            for how in changes:
                chosen = [port for port in ports if hows[port] == how]
                if chosen:
                    scene.change(how, chosen)
            scene.change(app, ports)
            if is_worker_renamed:
                scene.others["worker"].ask("rename", name="sshd")

        words = ["--local-port", str(PORT), "--max", str(count)]
        options = ["--state-dir", STATE]
        if number % 2:
            connreap_asking(change, "kill", *words, *options)
        else:
            path = dry_run(*words)
            change()
            connreap("kill", "--yes", "--max", str(count), "--plan", path, *options)
        is_app_protected = app in ("rename", "execute")
        # Renaming app after the fork does not rename the child.
        for port in ports:
            how = hows[port]
            in_app = how in ("nothing", "share", "fork-sshd", "fork-worker")
            in_worker = how == "to-worker"
            is_protected = (
                how in ("hand-over", "share", "fork-sshd", "thread", "flight")
                or in_app and is_app_protected or in_worker and is_worker_renamed)
            is_alive = scene.is_alive(port)
            result["steps"] += 1
            result["spared" if is_alive else "closed"] += 1
            if is_protected and not is_alive:
                result["wrong"].append([number, how, app])
            if not is_protected and is_alive:
                result["left"].append([number, how, app])
        for process in [scene.app, *scene.others.values()]:
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
        for client in scene.clients.values():
            client.close()
        try:
            os.unlink(f"{DIRECTORY}/sshd")
        except FileNotFoundError:
            pass
    print(json.dumps(result))


def race(seed, count, total):
    """Passes sockets between 'app' and 'guarded' while a policy with a rate closes those of 'app'.

    connreap reads the owners before each closing. A closing is certainly wrong if 'guarded' held
    the socket from before the previous 'closing' log entry until after its own. If the socket
    changed owners in between, closing it and sparing it are both right.
    """
    scene = Scene()
    ports = scene.connect(count)
    path = write_policy(rate=200)
    bouncing = {"app": scene.app, "guarded": scene.others["guarded"]}
    for name, to in (("app", "guarded"), ("guarded", "app")):
        seed += 1
        bouncing[name].begin("bounce", to=to, name=name, seed=seed)
    deadline = time.monotonic() + TIMEOUT
    handed = lambda: HANDED["app"] + HANDED["guarded"]
    wrong, statuses, certain, closed, spared = [], [], 0, 0, 0
    logs = []
    while time.monotonic() < deadline:
        state = f"{STATE}/{len(statuses)}"
        status, _, errors = connreap("policy", "apply", path, "--state-dir", state)
        statuses.append(errors if status else "")
        logs.append(audit(state))
        if handed() >= total:
            break
    for process in bouncing.values():
        process.control.send(b"stop")
    for process in bouncing.values():
        process.end()
    with open(f"{DIRECTORY}/guarded.json") as file:
        intervals = {}
        for port, start, end in json.load(file):
            intervals.setdefault(port, []).append((start, end))
    for lines in logs:
        outcomes = {line["connection"]["peer"]["port"]: line["event"]
                    for line in lines if line["event"] != "closing"}
        closed += sum(event == "closed" for event in outcomes.values())
        spared += sum(event == "spared" for event in outcomes.values())
        closings = [(seconds(line["time"]), line["connection"]["peer"]["port"])
                    for line in lines if line["event"] == "closing"]
        for (before, _), (now, port) in zip(closings, closings[1:]):
            # The log rounds times down to whole milliseconds.
            if any(start < before and end > now + 0.001 for start, end in intervals.get(port, [])):
                certain += 1
                if outcomes.get(port) == "closed":
                    wrong.append(port)
    print(json.dumps({
        "handed": handed(), "runs": statuses, "closed": closed, "spared": spared,
        "certain": certain, "wrong": wrong,
        "alive": sum(map(scene.is_alive, ports))}))


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def main():
    global ASKER
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 65536),) * 2)
    os.makedirs(STATE, mode=0o700, exist_ok=True)
    near, far = socket.socketpair()
    scene = os.fork()
    if scene != 0:
        far.close()
        Asker(near).serve()
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(scene, 0)[1]))
    LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
    near.close()
    far.settimeout(TIMEOUT)
    ASKER = Asker(far)
    words = sys.argv[4:]
    if MODE == "scenario":
        scenario(*words)
    elif MODE == "random":
        random_rounds(*map(int, words))
    else:
        race(*map(int, words))


main()
