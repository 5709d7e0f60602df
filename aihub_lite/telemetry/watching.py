"""Watches requests, for as long as the gateway runs, where its settings want a line of the log or a trace of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aihub_lite.config import BadSetting
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.gateway.core import Gateway
from aihub_lite.telemetry.request_log import log_request
from aihub_lite.telemetry.request_watch import Listener, RequestWatch
from aihub_lite.telemetry.tallies import Tallies
from aihub_lite.telemetry.watched_journal import WatchedJournal

if TYPE_CHECKING:
    from aihub_lite.telemetry.otlp import Exporter

EXPORTER = "opentelemetry.exporter.otlp.proto.http"
SAYS = ("opentelemetry.sdk._shared_internal", f"{EXPORTER}.trace_exporter", f"{EXPORTER}.metric_exporter")
"""Loggers of the SDK that tell of a collector's troubles."""
MISSING = "otlp_endpoint: needs pip install 'aihub-lite[otel]'"


@asynccontextmanager
async def watching(gateway: Gateway) -> AsyncIterator[RequestWatch]:
    """What goes around the application; it hears of records and refusals inside the block. Raises BadSetting."""
    settings = gateway.settings
    listeners: list[Listener] = []
    if settings.log_requests:
        listeners.append(log_request)
    exporter = None
    if settings.otlp_endpoint:
        exporter = await asyncio.to_thread(_exporter, gateway)
        listeners.append(exporter.ended)
        _watch(gateway, exporter.booked)
    watch = RequestWatch(gateway.clock, settings.pass_traceparent, listeners)
    _watch(gateway, watch.booked)
    gateway.refusals.listeners.append(watch.refused)
    try:
        yield watch
    finally:
        if exporter is not None:
            await exporter.close()


def _watch(gateway: Gateway, booked: Callable[[UsageRecord], None]) -> None:
    gateway.ledger.journal = WatchedJournal(gateway.ledger.journal, booked)


def _exporter(gateway: Gateway) -> Exporter:
    try:
        from aihub_lite.telemetry.otlp import Exporter, Seldom  # noqa: PLC0415
    except ImportError:
        raise BadSetting(MISSING) from None
    seldom = Seldom(gateway.clock.monotonic)
    for name in (
        "sdk._shared_internal",
        "exporter.otlp.proto.http.trace_exporter",
        "exporter.otlp.proto.http.metric_exporter",
    ):
        logging.getLogger(name).addFilter(seldom)
    registry = gateway.registry

    def provider_of(name: str) -> str:
        channels = registry.live_catalog.channels.values()
        return next((channel.provider for channel in channels if channel.name == name), "unknown")

    tallies = Tallies(lambda model: model in registry.catalog.models)
    return Exporter.to(gateway.settings.otlp_endpoint.rstrip("/"), tallies, provider_of)
