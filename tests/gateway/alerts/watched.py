"""A gateway on a temporary directory whose conditions are looked at when a test says so, and a receiver of alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.alerts.destination import AlertDestination
from aihub_lite.domain.channel import Channel, keys_of
from aihub_lite.domain.token import Token
from aihub_lite.gateway.alerts.book import SETTLED
from aihub_lite.gateway.conditions.watch import AlertWatch
from aihub_lite.gateway.core import Gateway, open_gateway
from tests.support.clock import ManualClock
from tests.support.upstream.answers import json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

PUBLIC_URL = "https://ai.example.com"


def receiver() -> Upstream:
    """Somebody who takes every alert."""
    return Upstream(json_answer(200, {"ok": True}))


def address(upstream: Upstream, path: str = "/hook") -> str:
    """Of a webhook there."""
    return f"http://127.0.0.1:{upstream.port}{path}"


def titles(requests: list[Request]) -> list[list[str]]:
    """What each webhook told, together."""
    return [[alert["title"] for alert in request.json()["alerts"]] for request in requests]


@attrs.frozen
class Watched:
    """A gateway, and what looks at it."""

    gateway: Gateway
    watch: AlertWatch
    clock: ManualClock

    async def to(self, upstream: Upstream, name: str = "ops", path: str = "/hook", **fields: Any) -> AlertDestination:
        """A webhook there."""
        return await self.gateway.alerts.destinations.add(name, address(upstream, path), "", fields)

    async def look(self) -> None:
        """One round, and what is due because of it."""
        await self.watch.look()
        await self.gateway.alerts.outbox.deliver_due()

    async def channel(self) -> Channel:
        """One with a key, called main."""
        keys = keys_of(["sk-a-key-of-a-test-1"])
        channels = self.gateway.registry.channels
        return await channels.create(
            "main", "openai", "http://127.0.0.1:9/v1", lambda channel: attrs.evolve(channel, keys=keys)
        )

    def fail(self, channel_id: str) -> None:
        """As often as makes a channel known to be down."""
        health = self.gateway.health
        for _ in range(health.policy.fault_threshold):
            health.failed(channel_id, "server")

    async def settle(self) -> None:
        """Look until what holds no more is over."""
        for wait in (0.0, SETTLED):
            self.clock.advance(wait)
            # The disk of the machine that runs the test is no part of it.
            self.watch._looked = self.clock.monotonic()
            await self.look()

    async def token(self, used: float, name: str = "bob") -> Token:
        """One with a quota of a dollar, of which so much is used."""
        token, _ = await self.gateway.registry.tokens.create(name, lambda token: attrs.evolve(token, quota_nano=10**9))
        self.gateway.ledger.balances[token.id].charge(int(used * 10**9), self.clock.wall())
        return token


@asynccontextmanager
async def watched(
    directory: Path,
    clock: ManualClock | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    backup_keep: int = 3,
) -> AsyncIterator[Watched]:
    """Inside the block nothing is looked at or sent by itself."""
    clock = clock or ManualClock()
    settings = Settings(data_dir=directory, discover_local=False, public_url=PUBLIC_URL, backup_keep=backup_keep)
    async with open_gateway(settings, environ or {}, clock) as gateway:
        await gateway.alerts.book.load()
        await gateway.alerts.outbox.load()
        yield Watched(gateway, AlertWatch(gateway, clock), clock)
