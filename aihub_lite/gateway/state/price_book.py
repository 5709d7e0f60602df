"""What the price table says of models, asked once per model and table version, kept in the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Self

import attrs

from aihub_lite.domain.catalog import Candidate, TableEntry
from aihub_lite.domain.channel import ModelFacts
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import Price
from aihub_lite.storage.prices import PriceKey as TableKey
from aihub_lite.storage.prices import Prices
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.upstream.price_lookup import PricesUnavailable, default_prices
from aihub_lite.upstream.providers import PROVIDERS

log = logging.getLogger(__name__)

FORM = 9
"""Version of the rows that are kept: a model that was kept in another form is asked for again."""


@attrs.define
class PriceBook:
    """Looks prices up for the registry; a model whose look-up failed is asked for again next time."""

    database: Database
    clock: Clock
    table_version: str
    entries: dict[TableKey, TableEntry]
    """What the table says of every model that was asked for; empty entries where it says nothing."""
    _queue: set[TableKey] = attrs.field(factory=set)
    _asking: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """Held while a child process reads the table."""

    @classmethod
    async def open(cls, database: Database, clock: Clock) -> Self:
        """With everything that this version of the table was asked before."""
        table_version = f"{version('genai-prices')}/{FORM}"
        return cls(database, clock, table_version, await Prices(database).load_defaults(table_version))

    async def look_up(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Price | None]:
        """Prices by (provider, upstream model): None where there is none to know, left out where the look-up failed."""
        table_keys = {key: _table_key(key) for key in keys}
        unknown = {key for key in table_keys.values() if key is not None and key not in self.entries}
        if unknown:
            # Many channels appear at once at start: what is wanted while one child runs shares the next.
            self._queue |= unknown
            async with self._asking:
                await self._ask_for_queued()
        prices: dict[tuple[str, str], Price | None] = {}
        for key, table_key in table_keys.items():
            if table_key is None:
                prices[key] = None
            elif table_key in self.entries:
                prices[key] = self.entries[table_key].price
        return prices

    def facts_of(self, candidate: Candidate) -> ModelFacts:
        """What is known of a model beside its price: what the operator says, else its upstream, else the table."""
        facts = candidate.facts or ModelFacts()
        entry = TableEntry()
        key = _table_key((candidate.channel.provider, candidate.upstream_model))
        if key is not None:
            entry = self.entries.get(key, entry)
        facts = attrs.evolve(
            facts, name=facts.name or entry.name, context_length=facts.context_length or entry.context_window
        )
        if candidate.own is None:
            return facts
        return facts.corrected(candidate.own)

    async def _ask_for_queued(self) -> None:
        queued = [*self._queue]
        self._queue.clear()
        if not queued:
            return  # whoever held the lock before asked for these too
        try:
            today = datetime.fromtimestamp(self.clock.wall(), UTC).date()
            prices = await default_prices(queued, today)
        except PricesUnavailable as error:
            log.warning("%d models stay unpriced for now: %s", len(queued), error)
            return
        entries = {key: prices.get(key, TableEntry()) for key in queued}
        self.entries.update(entries)
        await Prices(self.database).put_defaults(entries, self.table_version)


def _table_key(key: tuple[str, str]) -> TableKey | None:
    """None for what runs on the gateway's own machine: it costs nothing that a table could know."""
    provider = PROVIDERS.get(key[0])
    if provider is None or provider.free:
        return None
    return provider.price_id, key[1]
