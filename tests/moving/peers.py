"""Databases that one-api and new-api themselves wrote, in ../shared/peers, and a gateway that took one in."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from aihub_lite.config import Settings
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.moving.arrive import arrive
from aihub_lite.moving.move import Move

PEERS = Path(os.environ.get("AIHUB_PEERS") or Path(__file__).resolve().parents[3] / "shared" / "peers")
"""Where the databases lie; the variable names another place."""
requires_peers = pytest.mark.skipif(not PEERS.is_dir(), reason="needs the peers' databases in ../shared/peers")
T = TypeVar("T")


def expected(program: str) -> dict[str, Any]:
    """What was configured there, and billed; empty where the databases are absent."""
    file = PEERS / program / "expected.json"
    if not file.is_file():
        return {}
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return facts


def nano(usd: float) -> int:
    """USD in a figure of `expected.json` as nano-USD."""
    return round(usd * 1_000_000_000)


def asked_after(directory: Path, move: Move, ask: Callable[[Gateway], Awaitable[T]]) -> T:
    """What a gateway answers after an import and a restart."""

    async def work() -> T:
        async with open_gateway(Settings(data_dir=directory), {}) as gateway:
            await arrive(gateway, move, "admin key")
        async with open_gateway(Settings(data_dir=directory), {}) as gateway:
            return await ask(gateway)

    return asyncio.run(work())
