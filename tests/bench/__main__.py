"""Measures the gateway: `python -m tests.bench [--only plain|stream|memory|start|beside|translation …] [--seconds S]
[--json FILE]`.

One run, one table: every figure with its target and, where there is one, the same without the gateway. Everything is
on: digest look-up, limiter, hold, usage record, group commit with `synchronous=FULL`. Nothing fails on a figure. It
takes four minutes; leave the machine alone meanwhile: load, upstream and gateway share its cores. A stall shows in the
figure for the bare stack, and where chunks pile up, their delay: such a run says nothing, CPU per chunk least of all.
Needs nginx and wrk: `apt-get install nginx-light wrk`.

`--command "/other/venv/bin/python -m aihub_lite"` measures another gateway, `--profile plain|stream` shows instead
where the event loop's time goes.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from tests.bench import beside, plain, start, streams, translation
from tests.bench.figures import Figure, as_json, table
from tests.bench.profiling import profile
from tests.bench.rig import Bench, ToolMissing, allow_many_files
from tests.support.process import COMMAND

PARTS: Mapping[str, Callable[[Bench], list[Figure]]] = {
    "plain": plain.measure,
    "stream": streams.measure,
    "memory": streams.measure_memory,
    "start": start.measure,
    "beside": beside.measure,
    "translation": translation.measure,
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", choices=tuple(PARTS), help="may be repeated")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement, at least 1 (default: 8)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--command", default=shlex.join(COMMAND), help="the gateway; must begin with a Python")
    parser.add_argument("--profile", choices=("plain", "stream"))
    return parser.parse_args()


def conditions() -> dict[str, object]:
    """What the figures depend on besides the code."""
    load = [round(each, 2) for each in os.getloadavg()]
    return {"cores": os.cpu_count(), "load_average": load, "python": platform.python_version()}


def main() -> int:
    """The exit status: 2 when a tool is missing."""
    given = arguments()
    allow_many_files()
    with tempfile.TemporaryDirectory(prefix="aihub-bench-") as directory:
        bench = Bench(Path(directory), max(1.0, given.seconds), command=tuple(shlex.split(given.command)))
        try:
            if given.profile:
                print(profile(bench, given.profile))
                return 0
            run(bench, given.only or list(PARTS), given.json)
        except ToolMissing as error:
            print(error, file=sys.stderr)
            return 2
    return 0


def run(bench: Bench, names: list[str], file: Path | None) -> None:
    """The parts, one after the other, and the table."""
    before = conditions()
    print("before: " + ", ".join(f"{name} {value}" for name, value in before.items()), file=sys.stderr)
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += PARTS[name](bench)
    print(table(figures))
    print(f"load average {before['load_average']} before, {conditions()['load_average']} after")
    if file:
        file.write_bytes(msgspec.json.encode({"before": before, "figures": as_json(figures)}))


if __name__ == "__main__":
    sys.exit(main())
