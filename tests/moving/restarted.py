"""A gateway that was restarted after an import, on the day after the peers' databases were written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aihub_lite.config import Settings
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.moving.arrive import arrive
from aihub_lite.moving.move import Move, Remark
from tests.support.clock import ManualClock

NOW = 1_795_780_800
"""2026-11-27 12:00 UTC."""


@asynccontextmanager
async def moved(directory: Path, move: Move) -> AsyncIterator[tuple[Gateway, tuple[Remark, ...]]]:
    """The gateway, and what was said of each row."""
    clock = ManualClock(wall_now=NOW)
    async with open_gateway(Settings(data_dir=directory), {}, clock=clock) as gateway:
        rows = await arrive(gateway, move, "tests")
    async with open_gateway(Settings(data_dir=directory), {}, clock=clock) as gateway:
        yield gateway, rows
