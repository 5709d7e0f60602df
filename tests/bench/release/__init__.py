"""The figures of the last release, and how those of a run compare.

Microseconds of two machines say nothing of each other. What the gateway costs as a multiple of its bare stack, measured
in turns in the same run, does: so figures are compared that have both.

It is no sharp measure where a machine has neighbours: what they take meets a large program more than a small one, and
the same gateway was 6 to 8 times its bare stack from one quarter of an hour to the next. So the check measures the last
release itself in the same turns wherever its code is in the history (`side_by_side.py`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs
import msgspec

from aihub_lite import __version__
from tests.bench.figures import Figure
from tests.support.process import ROOT

FILE = Path(__file__).with_name("last_release.json")
PLAIN = "plain.cpu_per_request"
CHECKED = frozenset({PLAIN, "bodies.cpu_28kb", "bodies.cpu_180kb"})
"""CPU times: latencies of a machine that others use as well are no measure of the code."""
MOST = 1.15
"""Of the last release's multiple; more is a change for the worse, if it is measured again and again."""
TRIES = 3


class Release(msgspec.Struct, frozen=True):
    """What was measured of a release."""

    version: str
    commit: str
    """Where its code is in the history."""
    multiples: dict[str, float]
    """Of the bare stack, by the keys of the figures."""


def last_release() -> Release:
    """As it lies beside this file."""
    return msgspec.json.decode(FILE.read_bytes(), type=Release)


def head() -> str:
    """The commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def keep(figures: Iterable[Figure]) -> None:
    """Make a run's figures those of the last release."""
    multiples = {key: round(multiple, 2) for key, multiple in multiples_of(figures).items()}
    content = msgspec.json.encode(Release(__version__, head(), multiples))
    FILE.write_bytes(msgspec.json.format(content, indent=2) + b"\n")


def multiples_of(figures: Iterable[Figure]) -> dict[str, float]:
    """How many times the bare stack each figure is, where that can be said."""
    return {figure.key: figure.value / figure.bare for figure in figures if figure.key in CHECKED and figure.bare}


def ratios(figures: Iterable[Figure], before: Release) -> dict[str, float]:
    """Of each multiple to the release's; above 1 the gateway has become slower."""
    now = multiples_of(figures)
    return {key: now[key] / before.multiples[key] for key in now if key in before.multiples}


@attrs.define
class Check:
    """Whether a figure is worse than the last release's in every try."""

    least: dict[str, float] = attrs.field(factory=dict)
    """The best ratio of each figure so far."""

    def add(self, ratios: Mapping[str, float]) -> None:
        """One more try."""
        for key, ratio in ratios.items():
            self.least[key] = min(ratio, self.least.get(key, ratio))

    @property
    def worse(self) -> Mapping[str, float]:
        """What is over the line, with its ratio."""
        return {key: ratio for key, ratio in self.least.items() if ratio > MOST}
