"""Counts what is booked and refused, for as long as metrics are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from aihub_lite.errors import GatewayError
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.gateway.refusals.book import code_of
from aihub_lite.storage.usage import Usages
from aihub_lite.telemetry.loop_lag import LoopLag
from aihub_lite.telemetry.page import MetricsText
from aihub_lite.telemetry.tallies import Tallies
from aihub_lite.telemetry.watched_journal import WatchedJournal

EXPOSITION = "aihub_lite.telemetry.exposition"


@asynccontextmanager
async def counting(gateway: Gateway) -> AsyncIterator[MetricsText]:
    """All counts begin with the block, and what the start has booked for the last run; the text tells them, and how
    the gateway stands. Nothing else may have been booked yet."""
    registry = gateway.registry
    tallies = Tallies(lambda model: model in registry.catalog.models, gateway.settings.metrics_tokens)
    lag = LoopLag()

    def refused(_: Exchange, error: GatewayError) -> None:
        tallies.refused(error.status, code_of(error))

    async def text() -> bytes:
        # The admin API and the library take a while to load: when somebody asks first, and beside the loop.
        exposition = await asyncio.to_thread(import_module, EXPOSITION)
        told: bytes = await exposition.exposed(gateway, tallies, lag)
        return told

    for record in await Usages(gateway.database).last_booked(gateway.interrupted):
        tallies.booked(record)
    ledger = gateway.ledger
    ledger.journal = WatchedJournal(ledger.journal, tallies.booked)
    gateway.refusals.listeners.append(refused)
    async with running(lag.run(), "loop lag"):
        yield MetricsText(text, gateway.clock)
