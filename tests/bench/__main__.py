"""Measures the gateway: `python -m tests.bench [--only
plain|bodies|limits|stream|memory|start|beside|translation|peers …] [--seconds S] [--json FILE]`.

One run, one table: every figure with its target and, where there is one, the same without the gateway. Everything is
on: digest look-up, limiter, hold, usage record, group commit with `synchronous=FULL`. Nothing fails on a figure. It
takes four minutes; leave the machine alone meanwhile: load, upstream and gateway share its cores. A stall shows in the
figure for the bare stack, and where chunks pile up, their delay: such a run says nothing, CPU per chunk least of all.
Needs nginx and wrk: `apt-get install nginx-light wrk`.

`--command "/other/venv/bin/python -I -m aihub_lite"` measures another gateway: without `-I` that Python would find the
one in this directory. `--profile plain|stream` shows instead where the event loop's time goes.

`--check` measures beside the last release, out of the history, up to three times, and ends with 1 where a figure is
worse each time; `--keep` makes the figures of a run on a quiet machine those of the last release.
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

import attrs
import msgspec

from tests.bench import beside, bodies, limits, peers, plain, release, start, streams, translation
from tests.bench.figures import Figure, as_json, table
from tests.bench.profiling import profile
from tests.bench.release import side_by_side
from tests.bench.rig import Bench, ToolMissing, allow_many_files
from tests.support.process import COMMAND

PARTS: Mapping[str, Callable[[Bench], list[Figure]]] = {
    "plain": plain.measure,
    "bodies": bodies.measure,
    "limits": limits.measure,
    "stream": streams.measure,
    "memory": streams.measure_memory,
    "start": start.measure,
    "beside": beside.measure,
    "translation": translation.measure,
    "peers": peers.measure,
}
USUAL = [name for name in PARTS if name != "peers"]


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", choices=tuple(PARTS), help="may be repeated")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement, at least 1 (default: 8)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--command", default=shlex.join(COMMAND), help="the gateway; must begin with a Python")
    parser.add_argument("--profile", choices=("plain", "stream"))
    parser.add_argument("--peers", type=Path, default=Path(), metavar="DIR", help="where other gateways are installed")
    parser.add_argument("--check", action="store_true", help="fail where the last release was quicker")
    parser.add_argument("--keep", action="store_true", help="keep the figures as the last release's")
    return parser.parse_args()


def conditions() -> dict[str, object]:
    """What the figures depend on besides the code."""
    load = [round(average, 2) for average in os.getloadavg()]
    return {"cores": os.cpu_count(), "load_average": load, "python": platform.python_version()}


def main() -> int:
    """The exit status: 2 when a tool is missing."""
    options = arguments()
    allow_many_files()
    with tempfile.TemporaryDirectory(prefix="aihub-bench-") as directory:
        command = tuple(shlex.split(options.command))
        bench = Bench(Path(directory), max(1.0, options.seconds), command=command, peers=options.peers.absolute())
        try:
            if options.profile:
                print(profile(bench, options.profile))
                return 0
            if options.check:
                return check(bench)
            figures = run(bench, options.only or USUAL, options.json)
            if options.keep:
                release.keep(figures)
        except ToolMissing as error:
            print(error, file=sys.stderr)
            return 2
    return 0


def run(bench: Bench, names: list[str], file: Path | None) -> list[Figure]:
    """The parts, one after the other, and the table."""
    before = conditions()
    print("before: " + ", ".join(f"{name} {value}" for name, value in before.items()), file=sys.stderr)
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += PARTS[name](bench)
    print(table(figures))
    compare(release.ratios(figures, release.last_release()))
    print(f"load average {before['load_average']} before, {conditions()['load_average']} after")
    if file:
        file.write_bytes(msgspec.json.encode({"before": before, "figures": as_json(figures)}))
    return figures


def check(bench: Bench) -> int:
    """The exit status: 1 where a figure is worse than the last release's in every try."""
    before = release.last_release()
    tries = release.Check()
    for number in range(release.TRIES):
        directory = bench.directory / f"try-{number}"
        directory.mkdir()
        tries.add(beside_the_last_release(attrs.evolve(bench, directory=directory), before))
        compare(tries.least)
        if not tries.worse:
            return 0
    return 1


def beside_the_last_release(bench: Bench, before: release.Release) -> Mapping[str, float]:
    """Each figure as so many times the last release's: measured beside it, or else by the multiples that it left."""
    try:
        measured = side_by_side.measure(bench, before)
    except side_by_side.NoHistory as error:
        print(f"its code is not here ({error}): by its multiples of the bare stack")
        return release.ratios([*plain.measure(bench), *bodies.measure(bench)], before)
    print(*measured, sep="\n")
    return {compared.key: compared.ratio for compared in measured}


def compare(ratios: Mapping[str, float]) -> None:
    """Print how figures compare with the last release's; each as a multiple of the bare stack."""
    for key, ratio in ratios.items():
        print(f"{key}: {ratio:.2f} times the last release's")


if __name__ == "__main__":
    sys.exit(main())
