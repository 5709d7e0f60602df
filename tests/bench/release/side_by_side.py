"""This gateway and the last release's under the same load, in turns of a second: what a request costs beside what it
cost. What the machine's neighbours take meets both alike, which is not so of the gateway and its bare stack.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import attrs

from tests.bench.bodies import SIZES, conversation
from tests.bench.plain import Target, check, in_turn
from tests.bench.release import PLAIN, Release
from tests.bench.rig import Bench, chat_request, priced_model
from tests.support.gateway import Gateway
from tests.support.process import ROOT

RUN = "import runpy, sys; sys.path.insert(0, {path!r}); runpy.run_module('aihub_lite', run_name='__main__')"
"""Runs the package of a directory rather than the installed one."""


TURN = 1.0
"""Seconds."""


class NoHistory(Exception):
    """The last release's commit is not in this copy of the repository."""


def unpack(release: Release, directory: Path) -> None:
    """Its package, into the directory; raises NoHistory."""
    command = ["git", "archive", release.commit, "aihub_lite"]
    archive = subprocess.run(command, check=False, cwd=ROOT, capture_output=True)
    if archive.returncode:
        raise NoHistory(archive.stderr.decode(errors="replace").strip())
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")


@attrs.frozen
class Compared:
    """What a request cost in each turn, in µs of CPU, now and in the last release."""

    key: str
    now: list[float]
    before: list[float]

    @property
    def ratios(self) -> list[float]:
        """Of each turn; above 1 the gateway has become slower."""
        return [now / before for now, before in zip(self.now, self.before, strict=True)]

    @property
    def ratio(self) -> float:
        """Their median."""
        return median(self.ratios)

    def __str__(self) -> str:
        costs = f"{median(self.now):.0f} µs, {median(self.before):.0f} in the last release"
        return f"{self.key}: {costs}; of {len(self.now)} turns {min(self.ratios):.2f} to {max(self.ratios):.2f} times"


def measure(bench: Bench, release: Release) -> list[Compared]:
    """Short and long requests, in as many turns as there are seconds; raises NoHistory."""
    code = bench.directory / "last-release"
    unpack(release, code)
    before = attrs.evolve(bench, command=(sys.executable, "-c", RUN.format(path=str(code))))
    with bench.nginx() as upstream, bench.gateway("now") as now, before.gateway("before") as then:
        gateways = [now, then]
        models = [priced_model(gateway, upstream.url) for gateway in gateways]
        return [
            compare(bench, key, [target(bench, gateway, asked) for gateway, asked in zip(gateways, both, strict=True)])
            for key, both in requests(models).items()
        ]


def requests(models: list[str]) -> Mapping[str, list[Mapping[str, object]]]:
    """What is asked, of each gateway's model."""
    asked = {PLAIN: [chat_request(model, max_tokens=256) for model in models]}
    for name, letters in SIZES.items():
        asked[f"bodies.cpu_{name}"] = [conversation(model, letters) for model in models]
    return asked


def target(bench: Bench, gateway: Gateway, request: Mapping[str, object]) -> Target:
    """A gateway that is asked this."""
    return Target(bench, gateway.url, gateway.key, request, gateway.process.pid, gateway)


def compare(bench: Bench, key: str, targets: list[Target]) -> Compared:
    """Of one request; both are warm before it counts."""
    check([in_turn(targets, 0, TURN)])
    turns = [in_turn(targets, number, TURN) for number in range(max(1, round(bench.seconds)))]
    check(turns)
    now, before = ([turn[at].per_request_us for turn in turns] for at in (0, 1))
    return Compared(key, now, before)
