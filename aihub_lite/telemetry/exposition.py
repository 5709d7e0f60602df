"""The text of `/metrics`: what was counted, and the gateway as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aihub_lite.gateway.conditions.standing import channel_state
from aihub_lite.gateway.core import Gateway
from aihub_lite.telemetry.families import MetricFamily
from aihub_lite.telemetry.loop_lag import LoopLag
from aihub_lite.telemetry.prometheus import text_of
from aihub_lite.telemetry.standing import Standing, of_disk
from aihub_lite.telemetry.tallies import Tallies


async def exposed(gateway: Gateway, tallies: Tallies, lag: LoopLag) -> bytes:
    """All families: read on the event loop, written beside it."""
    standing = await Standing(gateway, tallies.channels, channel_state).families()
    families = [*tallies.families(), lag.lags.family(), *standing]
    return await asyncio.to_thread(_written, families, gateway.database.path)


def _written(families: Sequence[MetricFamily], database: Path) -> bytes:
    return text_of([*families, *of_disk(database)])
