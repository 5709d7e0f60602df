"""A whole gateway, web application included, that a fuzzer asks synchronously; a fault of ours fails at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel, Offer, keys_of
from aihub_lite.domain.money import Price, Rates
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.state.admin_key import admin_key
from aihub_lite.gateway.state.channels import KeySwitch
from aihub_lite.web.app import create_app
from tests.fuzz.upstream import Upstream
from tests.support.asgi import App, Call, header_list

PROVIDERS = ("openai", "anthropic", "gemini", "mistral", "groq", "openrouter", "deepseek", "ollama", "lmstudio")
"""Each wire, and each way in which a provider's quirks change a request."""
PRICE = Price(Rates(1_000_000_000, 2_000_000_000), source="test")
SETTINGS: dict[str, Any] = {
    "rpm": 0,
    "console_rpm": 0,
    "auth_failures_per_minute": 0,
    "admin_failures_per_minute": 0,
    "discover_local": False,
    "max_attempts": 1,
}
Result = TypeVar("Result")


class Closed(RuntimeError):
    """The house was closed before it was open."""


class Faults(logging.Handler):
    """Keeps what is logged as an error: a fault of ours always is."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


@attrs.define(eq=False)
class House:
    """A gateway with one channel and one model for each of `PROVIDERS`, under the provider's name."""

    runner: asyncio.Runner
    gateway: Gateway
    app: App
    upstream: Upstream
    key: str
    admin_key: str
    faults: Faults

    def ask(self, method: str, path: str, body: bytes = b"", key: str = "", headers: Any = (), query: str = "") -> Call:
        """One request, answered; raises AssertionError for a fault of ours."""
        call = Call(path, method, header_list(key, headers), query).body(body)
        self.faults.seen.clear()
        self.run(call.start(self.app).served(20))
        assert call.status, "no answer"
        assert call.status != 500, self.faults.seen
        assert not self.faults.seen, self.faults.seen[0]
        return call

    def admin(self, method: str, path: str, body: bytes = b"", query: str = "") -> Call:
        """The same of the admin API, as its operator."""
        return self.ask(method, f"/api/admin{path}", body, self.admin_key, query=query)

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Its result, with everything that runs beside it."""
        return self.runner.run(coroutine)


@contextmanager
def open_house(directory: Path) -> Iterator[House]:
    """The house, on an empty data directory."""
    faults = Faults()
    logging.getLogger().addHandler(faults)
    with asyncio.Runner() as runner:
        opened: asyncio.Future[House] = runner.get_loop().create_future()
        closing = asyncio.Event()

        async def live() -> None:
            async with open_gateway(Settings(data_dir=directory, **SETTINGS), {}) as gateway:
                upstream = gateway.transport.demo = Upstream()
                await _furnish(gateway)
                _, key = await gateway.registry.tokens.create("fuzz", lambda token: token)
                app = create_app(gateway)
                opened.set_result(House(runner, gateway, app, upstream, key, admin_key(directory, {}), faults))
                await closing.wait()

        async def start() -> tuple[House, asyncio.Task[None]]:
            life = asyncio.create_task(live())
            life.add_done_callback(failed)
            return await opened, life

        def failed(ended: asyncio.Task[None]) -> None:
            if not opened.done():
                opened.set_exception(ended.exception() or Closed())

        async def stop() -> None:
            closing.set()
            await life

        house, life = runner.run(start())
        try:
            yield house
        finally:
            runner.run(stop())
            logging.getLogger().removeHandler(faults)


class Unswitched(KeySwitch):
    """Leaves every key as it is."""

    def disable(self, channel: Channel, key_id: str, reason: str) -> None:
        """Not here."""

    def rest(self, channel: Channel, key_id: str, reason: str, until: int, rests: int) -> None:
        """Not here."""


async def _furnish(gateway: Gateway) -> None:
    # What upstreams answer may be taken for a refused key; the next example wants it again.
    gateway.line.failover.keys = Unswitched(gateway.registry.channels)
    for provider in PROVIDERS:
        await gateway.registry.models.set_price(provider, PRICE)
        await gateway.registry.channels.create(provider, provider, "demo://fuzz/v1", partial(_equipped, provider))


def _equipped(provider: str, channel: Channel) -> Channel:
    offers = (Offer(provider, upstream_model(provider)),)
    return attrs.evolve(channel, offers=offers, keys=keys_of(("key-of-fuzz",)))


def upstream_model(provider: str) -> str:
    """A model that such a provider has."""
    names = {"anthropic": "claude-opus-4-6", "gemini": "gemini-3-pro-preview", "ollama": "gpt-oss"}
    return names.get(provider, "gpt-5.5")
