"""Channels that appear by themselves: the demo, keys in the environment, servers on this machine; and their models.

What needs no call is made before the first request; everything that asks somebody runs beside the server. A channel
that is there already is left as its operator made it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs

from aihub_lite.domain.channel import BY_OPERATOR, Channel, Offer, Origin, keys_of
from aihub_lite.gateway.core import Gateway, running
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.gateway.upkeep.capabilities import describe, describing_changes
from aihub_lite.gateway.upkeep.model_lists import offers_of
from aihub_lite.gateway.upkeep.model_refresh import LONGEST_RETRY, RETRY, refresh, wait_until_due
from aihub_lite.upstream.credentials import flaw_of, resolved_headers, secret_of
from aihub_lite.upstream.discovery import DiscoveryFailed, env_channels, find_local, list_models
from aihub_lite.upstream.providers import PROVIDERS, Provider

log = logging.getLogger(__name__)

DEMO = "demo"


@asynccontextmanager
async def discovering(gateway: Gateway) -> AsyncIterator[None]:
    """Make the channels that need no call, and keep looking for the rest inside the block."""
    await create_known_channels(gateway)
    async with running(keep_discovering(gateway), "discovery") as task:
        task.add_done_callback(_report)
        async with describing_changes(gateway):
            yield


async def create_known_channels(gateway: Gateway) -> None:
    """The demo channel, and one for each provider whose variable holds a key: as `env:NAME`, never the key."""
    registry = gateway.registry
    if not automatic_channel(registry, "builtin", DEMO):
        await _create(gateway, PROVIDERS[DEMO], "builtin", (Offer(DEMO, DEMO),))
    for provider in env_channels(gateway.environ):
        if not automatic_channel(registry, "env", provider.name):
            await _create(gateway, provider, "env", (), keys=[provider.key_ref(gateway.environ)])
    for channel in registry.channels.all:
        provider = PROVIDERS[channel.provider]
        flaws = [flaw for key in channel.keys if (flaw := flaw_of(key, provider, gateway.environ))]
        if flaws and channel.enabled:
            log.warning("channel %s: %s", channel.name, ", ".join(flaws))


def automatic_channel(registry: Registry, origin: Origin, provider: str) -> Channel | None:
    """The channel that appeared by itself for this provider, whatever its name by now."""
    for channel in registry.channels.all:
        if channel.origin == origin and channel.provider == provider:
            return channel
    return None


async def _create(
    gateway: Gateway, provider: Provider, origin: Origin, offers: tuple[Offer, ...], keys: Sequence[str] = ()
) -> None:
    def configured(channel: Channel) -> Channel:
        listed = origin != "builtin"
        return attrs.evolve(channel, origin=origin, offers=offers, keys=keys_of(keys), discovered=listed)

    channels = gateway.registry.channels
    name = channels.free_name(provider.name)
    await channels.create(name, provider.name, provider.address(gateway.environ), configured)
    log.info("channel %s appeared", name)


async def keep_discovering(gateway: Gateway) -> None:
    """Look for servers on this machine once, then for models again and again."""
    # First, so that what they bring is listed in the first round already.
    await asyncio.gather(_discover_local(gateway), _retry_disabled_keys(gateway))
    channels = gateway.registry.channels
    retry = None
    while True:
        listed = await asyncio.gather(*(refresh(gateway, channel) for channel in channels.all))
        await asyncio.gather(*(describe(gateway, channel) for channel in channels.all))
        if all(listed):
            retry = None
        elif retry is None:
            retry = RETRY
        else:
            retry = min(retry * 2, LONGEST_RETRY)
        await wait_until_due(gateway, retry)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("models are no longer listed: unforeseen %s", type(error).__name__)


async def _discover_local(gateway: Gateway) -> None:
    if not gateway.settings.discover_local:
        return
    for server in await find_local(gateway.transport):
        if not automatic_channel(gateway.registry, "local", server.provider.name):
            await _create(gateway, server.provider, "local", offers_of(server.models))


async def _retry_disabled_keys(gateway: Gateway) -> None:
    """A variable may hold another key since its last one was refused; one that the upstream now takes is used again."""
    for channel in gateway.registry.channels.all:
        for key in channel.keys:
            provider = PROVIDERS[channel.provider]
            secret = secret_of(key, provider, gateway.environ)
            if not (key.refused and key.env and secret and channel.enabled) or key.disabled == BY_OPERATOR:
                continue
            try:
                headers = resolved_headers(channel.overrides, gateway.environ)
                transport = gateway.transport.by(channel.way_out)
                await list_models(transport, provider, channel.base_url, secret, more=headers)
            except DiscoveryFailed as failed:
                log.warning("channel %s: %s stays out: %s", channel.name, key.env, failed)
            else:
                await gateway.registry.channels.enable_key(channel.id, key.id)
