"""Creates one load, runs the commands in targets.py, and prints the results as JSON.

    measure.py SOCKETS DIRECTORY CONNREAP

Runs in the namespaces that Scripts/bench creates. DIRECTORY has the compiled load, floor and timed.
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
    """The processes that hold the sockets, while used as a context manager."""

    def __init__(self, sockets, directory):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.processes = 80 if sockets < 1000 else max(50, math.ceil(sockets / (limit - 40)))
        self.child = subprocess.Popen(
            [f"{directory}/load", str(sockets), str(self.processes), "10"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sockets = int(self.child.stdout.readline() or sys.exit("cannot create the load"))
        self.ends = self.sockets // 2 // self.processes

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()


class Meter:
    def __init__(self, directory, connreap):
        self.directory, self.connreap = directory, connreap

    def words(self, command):
        words = command if isinstance(command, list) else command.split()
        words = [str(os.cpu_count()) if word == "THREADS" else word for word in words]
        paths = {"connreap": self.connreap, "floor": f"{self.directory}/floor"}
        return [paths.get(words[0], words[0])] + words[1:]

    def once(self, command, timeout=targets.TIMEOUT):
        output = f"{self.directory}/output"
        result = subprocess.run(
            [f"{self.directory}/timed", str(math.ceil(timeout)), output] + self.words(command),
            capture_output=True, text=True, check=True).stdout.split()
        with open(output) as file:
            text = file.read() if os.path.getsize(output) < 1000 else ""
        return {"exit": result[0], "seconds": float(result[1]), "cpu": float(result[2]),
                "memory": int(result[3]) / 1024, "output": text}

    def after_question(self, command):
        """Runs a command that asks for confirmation, timed from the answer to the reported outcome.
        This excludes the scan before and the observation of the owners afterwards."""
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
        prompt = b""
        while not prompt.endswith(b"[y/N] "):
            more = os.read(child.stderr.fileno(), 4096)
            if not more:
                break
            prompt += more
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

    def best(self, command, runs, timeout):
        """The fastest of `runs` runs, or the first that fails or times out."""
        measured = []
        for _ in range(runs):
            measured.append(self.once(command, timeout))
            if measured[-1]["exit"] != "0":
                break
        return fastest(measured)

    def best_of_rounds(self, commands, rounds):
        """The fastest run of each command, by name. Each round runs every command, because a run of
        some milliseconds is comparable only with one measured next to it."""
        measured = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                measured[name].append(self.once(command))
        return {name: fastest(runs) for name, runs in measured.items()}


def fastest(runs):
    """The fastest of `runs`, with the largest memory of all, or the first failed run."""
    failed = [run for run in runs if run["exit"] != "0"]
    if failed:
        return failed[0]
    return {**min(runs, key=lambda run: run["seconds"]),
            "memory": max(run["memory"] for run in runs)}


def timeout_for(name, sockets, results):
    """The timeout for a command: at least long enough for the target to be met if it expires."""
    size = f"{round(sockets / 1e6)}M" if sockets >= 900_000 else ""
    needed = [
        results[work]["seconds"] / limit
        for _, work, others, limit, sizes in targets.TIME_TARGETS
        if others == [name] and size in sizes and work in results]
    return max([targets.TIMEOUT] + [1.02 * seconds for seconds in needed])


def measure_kill(meter, load):
    """Seconds per connection for `kill`, from the answer to its question, and for the lower bound.

    Closing is a small part of a run with many sockets. The difference to a dry run is mostly noise, so
    the question separates the scan from the closing.
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
        result = meter.once(f"floor destroy {KILLED} {first} {first + group - 1}")["output"].split()
        floor.append({"exit": "0", "seconds": float(result[1]) / int(result[0]), "memory": 0})
    by_time = lambda run: run["seconds"]
    return {"kill": min(kill, key=by_time), "floor: destroy": min(floor, key=by_time)}


def main():
    sockets, directory, connreap = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    meter = Meter(directory, connreap)
    commands = {**targets.FLOORS, **targets.TOOL, **targets.PEERS}
    with Load(sockets, directory) as load:
        if sockets < 1000:
            results = meter.best_of_rounds(commands, SMALL_ROUNDS)
        else:
            results = {}
            for name, command in commands.items():
                print(f"  {name}", file=sys.stderr)
                results[name] = meter.best(command, RUNS, timeout_for(name, sockets, results))
        results.update(measure_kill(meter, load))
        print(json.dumps({
            "sockets": load.sockets, "processes": load.processes, "results": results}))


if __name__ == "__main__":
    main()
