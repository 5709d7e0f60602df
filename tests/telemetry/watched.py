"""A gateway in the test's own event loop with telemetry on, and what it tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
from prometheus_client.parser import text_string_to_metric_families

from aihub_lite.telemetry.opening import PATH, telemetry_of
from aihub_lite.web.app import create_app
from tests.support.asgi import get
from tests.support.clock import ManualClock
from tests.support.inprocess import House, open_house

SCRAPE_KEY = "scrape-0123456789abcdef"
NANO = 1_000_000_000
Labels = frozenset[tuple[str, str]]


@attrs.frozen
class Scrape:
    """What one answer of `/metrics` said: the value of each sample, by its name and labels."""

    text: str
    samples: Mapping[tuple[str, Labels], float]

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples of a name that have these labels."""
        return sum(self.each(name, **labels))

    def each(self, name: str, **labels: str) -> Iterable[float]:
        """Each of them."""
        return [value for (key, found), value in self.samples.items() if key == name and labels.items() <= found]

    def nano(self, name: str, **labels: str) -> int:
        """A sum in USD as nano-USD: each sample is exact to the nano-dollar, a sum of floats need not be."""
        return sum(round(Fraction(value) * NANO) for value in self.each(name, **labels))

    def values_of(self, name: str, label: str) -> set[str]:
        """The values of a label."""
        return {dict(labels)[label] for key, labels in self.samples if key == name}


def scrape_of(content: bytes) -> Scrape:
    """The text as the library's own parser reads it."""
    text = content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return Scrape(text, {(each.name, frozenset(each.labels.items())): each.value for each in samples})


@attrs.frozen
class Watched:
    """A house whose metrics are on."""

    house: House
    clock: ManualClock

    async def scrape(self) -> Scrape:
        """What `/metrics` says now."""
        self.clock.advance(2)  # it is told again for a second
        await self.house.flushed()
        call = await get(PATH, SCRAPE_KEY).start(self.house.app).served()
        assert 200 == call.status, call.content
        return scrape_of(call.content)


@asynccontextmanager
async def watched(directory: Path, **settings: Any) -> AsyncIterator[Watched]:
    """With `/metrics` behind SCRAPE_KEY on the gateway's own address."""
    manual = ManualClock()
    given = {"metrics_key": "env:SCRAPE_KEY", **settings}
    async with (
        open_house(directory, create_app, manual, {"SCRAPE_KEY": SCRAPE_KEY}, **given) as house,
        telemetry_of(house.gateway) as telemetry,
    ):
        house.app = telemetry.around(create_app(house.gateway, telemetry.public))
        yield Watched(house, manual)
