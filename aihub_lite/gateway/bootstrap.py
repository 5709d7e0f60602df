"""What appears by itself: the demo, keys in the environment, servers on this machine, and every upstream's models.

Rows for what is certain are made before the first request; everything that asks somebody runs beside the server.
A channel that is there already is left as its operator made it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from aihub_lite.domain.channel import Channel, Offer, Origin, keys_of
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.describing import describe, describing
from aihub_lite.gateway.listing import list_offers, offers_of
from aihub_lite.gateway.registry import Registry
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.discovery import DiscoveryFailed, env_channels, find_local, list_models
from aihub_lite.upstream.providers import PROVIDERS, Provider

log = logging.getLogger(__name__)

FRESH_FOR = 6 * 3600.0
"""Seconds until models are listed again: new ones appear every few days."""
RETRY = 60.0
"""Seconds until a list that failed is asked for again; doubles up to `FRESH_FOR`."""
DEMO = "demo"


@asynccontextmanager
async def appearing(gateway: Gateway) -> AsyncIterator[None]:
    """Make the rows that are certain, and keep looking for the rest inside the block."""
    await make_certain(gateway)
    task = asyncio.create_task(keep_looking(gateway), name="discovery")
    task.add_done_callback(_report)
    try:
        async with describing(gateway):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def make_certain(gateway: Gateway) -> None:
    """The demo channel, and one for each provider whose variable holds a key: as `env:NAME`, never the key."""
    registry = gateway.registry
    if not made_by(registry, "builtin", DEMO):
        await _make(registry, PROVIDERS[DEMO], "builtin", (Offer(DEMO, DEMO),))
    for provider in env_channels(gateway.environ):
        if not made_by(registry, "env", provider.name):
            await _make(registry, provider, "env", (), env=provider.env)
    for channel in registry.channels.values():
        unset = [key.env for key in channel.keys if key.env and not resolve(key.ref, gateway.environ)]
        if unset and channel.enabled:
            log.warning("channel %s: %s is not set", channel.name, ", ".join(unset))


def made_by(registry: Registry, origin: Origin, provider: str) -> Channel | None:
    """The channel that appeared by itself for this provider."""
    found = (each for each in registry.channels.values() if (each.origin, each.provider) == (origin, provider))
    return next(found, None)


async def _make(
    registry: Registry, provider: Provider, origin: Origin, offers: tuple[Offer, ...], env: str | None = None
) -> None:
    def described(channel: Channel) -> Channel:
        keys = keys_of([f"env:{env}"] if env else [])
        return attrs.evolve(channel, origin=origin, offers=offers, keys=keys, discovered=origin != "builtin")

    name = registry.free_channel_name(provider.name)
    await registry.create_channel(name, provider.name, provider.base_url, described)
    log.info("channel %s appeared", name)


async def keep_looking(gateway: Gateway) -> None:
    """Look for servers on this machine once, then for models again and again."""
    await asyncio.gather(_look_nearby(gateway), _bring_keys_back(gateway))
    retry = RETRY
    while True:
        listed = await asyncio.gather(*(refresh(gateway, each) for each in [*gateway.registry.channels.values()]))
        await asyncio.gather(*(describe(gateway, each) for each in [*gateway.registry.channels.values()]))
        if all(listed):
            retry = RETRY
            await asyncio.sleep(FRESH_FOR)
        else:
            await asyncio.sleep(retry)
            retry = min(retry * 2, FRESH_FOR)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("models are no longer listed: unforeseen %s", type(error).__name__)


async def refresh(gateway: Gateway, channel: Channel) -> bool:
    """Ask a channel's upstream for its models; False when it did not say, which the channel then shows."""
    if not channel.discovered or not channel.enabled:
        return True
    provider = PROVIDERS[channel.provider]
    try:
        offers = await list_offers(gateway.transport, gateway.environ, provider, channel.base_url, channel.keys)
        await gateway.registry.set_offers(channel.id, offers)
    except GatewayError as error:
        if gateway.registry.list_errors.get(channel.id) != error.message:
            log.warning("channel %s: %s", channel.name, error.message)
        gateway.registry.list_errors[channel.id] = error.message
        return False
    gateway.registry.list_errors.pop(channel.id, None)
    return True


async def _look_nearby(gateway: Gateway) -> None:
    if not gateway.settings.discover_local:
        return
    for server in await find_local(gateway.transport):
        if not made_by(gateway.registry, "local", server.provider.name):
            await _make(gateway.registry, server.provider, "local", offers_of(server.models))


async def _bring_keys_back(gateway: Gateway) -> None:
    """A variable may hold another key since its last one was refused; one that the upstream now takes is used again."""
    for channel in [*gateway.registry.channels.values()]:
        for key in channel.keys:
            secret = resolve(key.ref, gateway.environ)
            if not (key.disabled and key.env and secret and channel.enabled):
                continue
            try:
                await list_models(gateway.transport, PROVIDERS[channel.provider], channel.base_url, secret)
            except DiscoveryFailed as failed:
                log.warning("channel %s: %s stays out: %s", channel.name, key.env, failed)
            else:
                await gateway.registry.enable_key(channel.id, key.id)
