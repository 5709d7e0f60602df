"""What the price table says of models, asked once per model and table version, kept in the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Self

import attrs

from aihub_lite.domain.catalog import Listed
from aihub_lite.domain.money import Price
from aihub_lite.storage.database import Database
from aihub_lite.storage.prices import PriceKey as TableKey
from aihub_lite.storage.prices import Prices
from aihub_lite.upstream.default_prices import PricesUnavailable, default_prices
from aihub_lite.upstream.providers import PROVIDERS

log = logging.getLogger(__name__)

FORM = 4
"""Of what is kept: what was kept in another form is asked for again."""


@attrs.define
class PriceBook:
    """Answers the registry's look-ups; a model whose look-up failed is asked for again next time."""

    database: Database
    table_version: str
    known: dict[TableKey, Listed]
    _wanted: set[TableKey] = attrs.field(factory=set)
    _asking: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    @classmethod
    async def open(cls, database: Database) -> Self:
        """With everything that this version of the table was asked before."""
        table_version = f"{version('genai-prices')}/{FORM}"
        return cls(database, table_version, await Prices(database).load_defaults(table_version))

    async def look_up(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Price | None]:
        """Prices by (provider, upstream model); None where there is none to know. Never raises."""
        asked = {key: _table_key(key) for key in keys}
        unknown = {each for each in asked.values() if each is not None and each not in self.known}
        if unknown:
            # Many channels appear at once at start: what is wanted while one child runs shares the next.
            self._wanted |= unknown
            async with self._asking:
                await self._ask_for_all()
        answered = {key: each for key, each in asked.items() if each is None or each in self.known}
        return {key: None if each is None else self.known[each].price for key, each in answered.items()}

    def context_window(self, provider: str, upstream_model: str) -> int | None:
        """Tokens that fit into a model of whose price somebody has asked; None where the table does not say."""
        key = _table_key((provider, upstream_model))
        return None if key is None else self.known.get(key, Listed()).context_window

    async def _ask_for_all(self) -> None:
        wanted = [*self._wanted]
        self._wanted.clear()
        if not wanted:
            return
        try:
            found = await default_prices(wanted)
        except PricesUnavailable as error:
            log.warning("%d models stay unpriced for now: %s", len(wanted), error)
            return
        answers = {key: found.get(key, Listed()) for key in wanted}
        self.known.update(answers)
        await Prices(self.database).put_defaults(answers, self.table_version)


def _table_key(key: tuple[str, str]) -> TableKey | None:
    """What runs on the gateway's own machine costs nothing that a table could know."""
    provider = PROVIDERS.get(key[0])
    if provider is None or provider.local or provider.base_url.startswith("demo:"):
        return None
    return provider.price_id, key[1]
