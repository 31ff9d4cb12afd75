"""Writes results.md and results.svg from the output of measure.py, one JSON file per load.

    report.py DIRECTORY VERSION SIZE=JSON…
"""

import json
import os
import platform
import sys

import plot
import targets


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {platform.release()}"


def seconds(run):
    if run["exit"] == "timeout":
        return f"> {run['seconds']:.0f} s, stopped"
    if run["exit"] != "0":
        return "not supported" if run["exit"] == "64" else f"failed ({run['exit']})"
    value = run["seconds"]
    if value < 1e-3:
        return f"{value * 1e6:.1f} µs"
    return f"{value * 1e3:.1f} ms" if value < 1 else f"{value:.2f} s"


def verdict(value, limit):
    if value <= limit:
        return "met"
    return f"**missed by {(value / limit - 1) * 100:.0f} %**"


def shown(ratio):
    return f"{ratio:.2f}" if ratio >= 0.5 else f"1/{1 / ratio:.1f}"


def time_rows(loads):
    for title, work, references, limit, sizes in targets.TIME_TARGETS:
        for size in sizes:
            results = loads.get(size, {}).get("results", {})
            runs = [results.get(name) for name in [work] + references]
            if None in runs or runs[0]["exit"] != "0":
                continue
            reference = sum(run["seconds"] for run in runs[1:])
            ratio = runs[0]["seconds"] / reference
            stopped = any(run["exit"] == "timeout" for run in runs[1:])
            if any(run["exit"] not in ("0", "timeout") for run in runs[1:]):
                continue
            if stopped and ratio > limit:
                judged = "unknown: the other program was stopped"
            else:
                judged = verdict(ratio, limit)
            sign = "< " if stopped else ""
            yield f"| {title} | {size} | {shown(limit)} | {sign}{shown(ratio)} | {judged} |"


def memory_rows(loads):
    for title, work, limit, sizes in targets.MEMORY_TARGETS:
        for size in sizes:
            run = loads.get(size, {}).get("results", {}).get(work)
            if run and run["exit"] == "0":
                yield (f"| memory: {title} | {size} | {limit} MB | {run['memory']:.0f} MB "
                       f"| {verdict(run['memory'], limit)} |")


def growth_rows(loads):
    sizes = [size for size in loads if size != targets.SMALL]
    for smaller, larger in zip(sizes, sizes[1:]):
        each = [loads[size]["results"]["list"]["seconds"] / loads[size]["sockets"]
                for size in (smaller, larger)]
        growth = each[1] / each[0]
        yield (f"| growth: time of list per socket, against {smaller} | {larger} "
               f"| {targets.GROWTH_TARGET:.2f} | {growth:.2f} "
               f"| {verdict(growth, targets.GROWTH_TARGET)} |")


def main():
    directory, version = sys.argv[1:3]
    loads = {}
    for argument in sys.argv[3:]:
        size, path = argument.split("=", 1)
        with open(path) as file:
            loads[size] = json.load(file)
    lines = [
        "# Measurements", "",
        "Written by `Scripts/bench`. Times depend on the machine and vary between runs, so compare ratios.",
        "Each time is the fastest of three runs, interleaved on the same load.", "",
        f"Machine: {machine()}. connreap {version}.", "",
        "## Targets", "",
        "| work | sockets | limit | measured | |", "| --- | --- | --- | --- | --- |",
        *time_rows(loads), *growth_rows(loads), *memory_rows(loads), "",
        "## Times and memory", "",
        "| | " + " | ".join(
            f"{size}: {load['sockets']:,} sockets of {load['processes']} processes"
            for size, load in loads.items()) + " |",
        "| --- |" + " --- |" * len(loads),
    ]
    names = list(dict.fromkeys(name for load in loads.values() for name in load["results"]))
    for name in names:
        cells = []
        for load in loads.values():
            run = load["results"].get(name)
            if run is None:
                cells.append("")
            elif run["exit"] == "0" and run["memory"]:
                cells.append(f"{seconds(run)}, {run['memory']:.0f} MB")
            else:
                cells.append(seconds(run))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "`kill` and `floor: destroy` are times per connection. `kill` is timed from the answer to its",
              "question to the reported outcome, and includes the audit log and the verification.", "",
              "![Time against sockets](results.svg)", ""]
    with open(f"{directory}/results.md", "w") as file:
        file.write("\n".join(lines))
    with open(f"{directory}/results.svg", "w") as file:
        file.write(plot.svg(loads))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
