"""Everything about alerts that lives as long as the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.alerts.book import AlertBook
from aihub_lite.gateway.alerts.destinations import DestinationRegistry
from aihub_lite.gateway.alerts.notices import Notices
from aihub_lite.gateway.alerts.outbox import Outbox
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.alerts.destinations import Destinations
from aihub_lite.storage.alerts.messages import AlertStore
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.upstream.messengers.messenger import Messenger


@attrs.frozen(eq=False, kw_only=True)
class AlertDesk:
    """Where alerts go, what was told, what is on its way, and what was noticed."""

    destinations: DestinationRegistry
    outbox: Outbox
    book: AlertBook
    notices: Notices


@asynccontextmanager
async def open_alerts(
    database: Database, clock: Clock, live_settings: LiveSettings, environ: Mapping[str, str]
) -> AsyncIterator[AlertDesk]:
    """Nothing is sent but tests, until somebody runs the outbox."""
    destinations = DestinationRegistry(Destinations(database), clock)
    await destinations.load()
    async with Messenger(environ) as messenger:
        outbox = Outbox(clock, live_settings, destinations, messenger, AlertStore(database))
        book = AlertBook(clock, destinations, outbox)
        yield AlertDesk(destinations=destinations, outbox=outbox, book=book, notices=Notices())
