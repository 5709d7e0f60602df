"""The whole gateway, put together: opened once per process, closed on every way out."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import Clock, SystemClock
from aihub_lite.domain.token import Token
from aihub_lite.gateway.flight import Flights
from aihub_lite.gateway.health import Health, HealthPolicy
from aihub_lite.gateway.ledger import Ledger, window
from aihub_lite.gateway.limits import MemoryLimiter
from aihub_lite.gateway.opening import Opener
from aihub_lite.gateway.pipeline import Line
from aihub_lite.gateway.pricing import PriceBook
from aihub_lite.gateway.pulse import Pulse
from aihub_lite.gateway.registry import Registry
from aihub_lite.gateway.routing import Router
from aihub_lite.gateway.tuning import Tuning
from aihub_lite.storage.backup import sweep
from aihub_lite.storage.database import Database
from aihub_lite.storage.ledger import Ledger as Journal
from aihub_lite.upstream.transport import Transport

DATABASE = "aihub.db"


@attrs.frozen(eq=False, kw_only=True)
class Gateway:
    """Everything that lives as long as the process."""

    tuning: Tuning
    environ: Mapping[str, str]
    clock: Clock
    database: Database
    transport: Transport
    registry: Registry
    prices: PriceBook
    health: Health
    limits: MemoryLimiter
    ledger: Ledger
    journal: Journal
    flights: Flights
    pulse: Pulse
    line: Line
    boot_id: str
    backing_up: asyncio.Lock
    """Held while the database is copied."""
    run_key: str = attrs.field(repr=False)
    """Opens the admin API of this run to whoever can read the data directory."""
    started: float
    """Monotonic."""

    @property
    def settings(self) -> Settings:
        """Those in force at this moment."""
        return self.tuning.now


@attrs.define(eq=False)
class KeyDisabler:
    """Takes keys out of use while the request that found them bad goes on."""

    registry: Registry
    _tasks: set[asyncio.Task[bool]] = attrs.field(factory=set)

    def __call__(self, channel: Channel, key_id: str, reason: str) -> None:
        task = asyncio.create_task(self.registry.disable_key(channel.id, key_id, reason))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way: a key found bad stays out after a restart."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def open_gateway(
    settings: Settings, environ: Mapping[str, str] = os.environ, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """The gateway over its data directory, whose lock the caller holds. Raises StorageFault."""
    clock = clock or SystemClock()
    boot_id = secrets.token_hex(8)
    async with AsyncExitStack() as stack:
        database = await Database.open(Path(settings.data_dir) / DATABASE, synchronous=settings.synchronous)
        stack.push_async_callback(database.close)
        sweep(database.path)
        tuning = await Tuning.open(settings, database)
        settings = tuning.now
        transport = await stack.enter_async_context(Transport(settings))
        journal = Journal(database)
        await journal.interrupted(int(clock.wall() * 1000), boot_id)
        prices = await PriceBook.open(database)
        registry = Registry(database=database, clock=clock, look_up=prices.look_up)
        ledger = Ledger(clock, journal, boot_id)
        stack.push_async_callback(ledger.close)
        await open_accounts(registry, ledger, journal)
        disable_key = KeyDisabler(registry)
        stack.push_async_callback(disable_key.close)
        health = Health(clock, HealthPolicy(settings.fault_threshold, settings.fault_cooldown, settings.max_cooldown))
        registry.on_channel.append(health.forget)
        limits = MemoryLimiter(clock, settings.rpm, settings.auth_failures_per_minute)
        flights = Flights(settings.max_in_flight)
        pulse = Pulse(settings.keepalive_after, settings.keepalive_event_after, settings.write_timeout)
        beat = asyncio.create_task(pulse.run(), name="pulse")
        stack.push_async_callback(cancelled, beat)
        router = Router(health, environ, random.Random())  # noqa: S311  a choice among channels is no secret
        registry.on_channel.append(router.speeds.forget)
        opener = Opener(settings, clock, transport, health, disable_key)
        stack.push_async_callback(opener.close)
        line = Line(settings, clock, registry, limits, flights, router, ledger, opener, pulse)
        tuning.heard.append(functools.partial(retune, limits, flights, opener, line))
        yield Gateway(
            tuning=tuning,
            environ=environ,
            clock=clock,
            database=database,
            transport=transport,
            registry=registry,
            prices=prices,
            health=health,
            limits=limits,
            ledger=ledger,
            journal=journal,
            flights=flights,
            pulse=pulse,
            line=line,
            boot_id=boot_id,
            backing_up=asyncio.Lock(),
            run_key=secrets.token_urlsafe(32),
            started=clock.monotonic(),
        )


def retune(limits: MemoryLimiter, flights: Flights, opener: Opener, line: Line, settings: Settings) -> None:
    """Let those who read settings request by request read these."""
    limits.rpm, limits.auth_failures = settings.rpm, settings.auth_failures_per_minute
    flights.limit = settings.max_in_flight
    opener.settings = line.settings = settings


async def open_accounts(registry: Registry, ledger: Ledger, journal: Journal) -> None:
    """Load everything from storage and give every token its account, now and whenever one is made or changed."""

    async def spent_in_window(token: Token) -> int:
        if token.budget is None:
            return 0
        start, _ = window(token.budget.period, ledger.clock.wall())
        return await journal.spent_since(token.id, int(start * 1000))

    async def heard(before: Token | None, after: Token | None) -> None:
        if after is None and before is not None:
            ledger.close_account(before.id)
        elif after is not None and before is None:
            ledger.open_account(after, 0)
        elif after is not None and before is not None:
            changed = after.budget is not None and (
                before.budget is None or before.budget.period != after.budget.period
            )
            ledger.update_account(after, await spent_in_window(after) if changed else None)

    for token, spent in await registry.load():
        ledger.open_account(token, spent, await spent_in_window(token))
    registry.on_token.append(heard)


async def cancelled(task: asyncio.Task[None]) -> None:
    """End a task of ours and wait until it has."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
