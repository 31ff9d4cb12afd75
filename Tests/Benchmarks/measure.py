"""Measures one load: makes it, runs what targets.py names, and prints what came out as JSON.

    measure.py SOCKETS FOLDER CONNREAP

Runs in the namespaces that Scripts/bench has made. FOLDER holds the compiled load, floor and timed.
"""

import json
import math
import os
import pty
import resource
import subprocess
import sys
import threading
import time

import targets

RUNS = 3
SMALL_ROUNDS = 40
KILLED = 10_000
KILL_RUNS = 2


class Load:
    """The processes that hold the sockets, for as long as the value is used."""

    def __init__(self, sockets, folder):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.processes = 80 if sockets < 1000 else max(50, math.ceil(sockets / (limit - 40)))
        self.child = subprocess.Popen(
            [f"{folder}/load", str(sockets), str(self.processes), "10"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sockets = int(self.child.stdout.readline() or sys.exit("the load could not be made"))
        self.ends = self.sockets // 2 // self.processes

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()


class Meter:
    def __init__(self, folder, connreap):
        self.folder, self.connreap = folder, connreap

    def words(self, command):
        words = command if isinstance(command, list) else command.split()
        words = [str(os.cpu_count()) if word == "THREADS" else word for word in words]
        places = {"connreap": self.connreap, "floor": f"{self.folder}/floor"}
        return [places.get(words[0], words[0])] + words[1:]

    def once(self, command, patience=targets.PATIENCE):
        output = f"{self.folder}/output"
        said = subprocess.run(
            [f"{self.folder}/timed", str(math.ceil(patience)), output] + self.words(command),
            capture_output=True, text=True, check=True).stdout.split()
        with open(output) as file:
            text = file.read() if os.path.getsize(output) < 1000 else ""
        return {"exit": said[0], "seconds": float(said[1]), "cpu": float(said[2]),
                "memory": int(said[3]) / 1024, "output": text}

    def after_question(self, command):
        """A run that asks, measured from the answer until it reports the outcome. Neither the scan
        before nor the observation of the owners afterwards is part of it."""
        terminal, keyboard = pty.openpty()
        child = subprocess.Popen(
            self.words(command), stdin=keyboard, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reported = []

        def read():
            for line in child.stdout:
                if line.startswith(b"closed "):
                    reported.append(time.perf_counter())

        reader = threading.Thread(target=read)
        reader.start()
        said = b""
        while not said.endswith(b"[y/N] "):
            more = os.read(child.stderr.fileno(), 4096)
            if not more:
                break
            said += more
        start = time.perf_counter()
        os.write(terminal, b"y\n")
        child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        reader.join()
        if not reported:
            sys.exit(f"{command} reported no outcome")
        child.stdout.close()
        child.stderr.close()
        os.close(terminal)
        os.close(keyboard)
        return {"exit": str(child.returncode), "seconds": reported[-1] - start, "output": "",
                "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}

    def best(self, command, runs, patience):
        """The quickest of some runs; the first when it fails or lasts too long."""
        measured = []
        for _ in range(runs):
            measured.append(self.once(command, patience))
            if measured[-1]["exit"] != "0":
                break
        return quickest(measured)

    def best_of_rounds(self, commands, rounds):
        """The quickest run of each command, by name. All of them take their turn in each round:
        what lasts some milliseconds is to be compared with what was measured right beside it."""
        measured = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                measured[name].append(self.once(command))
        return {name: quickest(runs) for name, runs in measured.items()}


def quickest(runs):
    """The quickest of `runs`, with the most memory of any; a failed one when there is one."""
    failed = [run for run in runs if run["exit"] != "0"]
    if failed:
        return failed[0]
    return {**min(runs, key=lambda run: run["seconds"]),
            "memory": max(run["memory"] for run in runs)}


def patience_for(name, sockets, results):
    """For a peer so long that its target is met when it has still not ended, at least."""
    size = f"{round(sockets / 1e6)}M" if sockets >= 900_000 else ""
    needed = [
        results[work]["seconds"] / limit
        for _, work, others, limit, sizes in targets.TIME_TARGETS
        if others == [name] and size in sizes and work in results]
    return max([targets.PATIENCE] + [1.02 * seconds for seconds in needed])


def measure_kill(meter, load):
    """Seconds for each connection: of `kill` from the answer to its question, and of the floor.

    Closing is a small part of a run with many sockets, and what a dry run takes less is mostly noise:
    the question stands between the scan and the closing.
    """
    group = math.ceil(KILLED / load.ends)
    if 2 * KILL_RUNS * group > load.processes:
        return {}
    kill, floor = [], []
    for run in range(KILL_RUNS):
        first = 8000 + 2 * run * group
        ports = f"{first}-{first + group - 1}"
        real = meter.after_question(f"connreap kill --max 1000000 --local-port {ports}")
        if real["exit"] != "0":
            return {"kill": real}
        taken = real["seconds"] / (group * load.ends)
        kill.append({**real, "seconds": taken})
        first += group
        said = meter.once(f"floor destroy {KILLED} {first} {first + group - 1}")["output"].split()
        floor.append({"exit": "0", "seconds": float(said[1]) / int(said[0]), "memory": 0})
    by_time = lambda run: run["seconds"]
    return {"kill": min(kill, key=by_time), "floor: destroy": min(floor, key=by_time)}


def main():
    sockets, folder, connreap = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    meter = Meter(folder, connreap)
    works = {**targets.FLOORS, **targets.TOOL, **targets.PEERS}
    with Load(sockets, folder) as load:
        if sockets < 1000:
            results = meter.best_of_rounds(works, SMALL_ROUNDS)
        else:
            results = {}
            for name, command in works.items():
                print(f"  {name}", file=sys.stderr)
                results[name] = meter.best(command, RUNS, patience_for(name, sockets, results))
        results.update(measure_kill(meter, load))
        print(json.dumps({
            "sockets": load.sockets, "processes": load.processes, "results": results}))


if __name__ == "__main__":
    main()
