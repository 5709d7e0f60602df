"""What upstreams themselves say that their models take, asked for beside the requests and never for one of them.

Kept in memory only: a start asks anew. What an upstream does not say, the table in `wire/claude_models` knows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aihub_lite.domain.channel import Channel
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.listing import usable_key
from aihub_lite.upstream.discovery import DiscoveryFailed, describe_models
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.claude_models import upstream_id

log = logging.getLogger(__name__)


async def describe(gateway: Gateway, channel: Channel) -> None:
    """Ask a channel's upstream about its models; where that fails, what is known stays."""
    provider = PROVIDERS[channel.provider]
    if not (provider.describes and channel.enabled):
        return
    ids = {offer.upstream_model: upstream_id(offer.upstream_model) for offer in channel.offers}
    try:
        key = usable_key(channel.keys, gateway.environ)
        found = await describe_models(gateway.transport, provider, channel.base_url, key, ids.values())
    except (DiscoveryFailed, GatewayError) as failed:
        log.info("channel %s does not say what its models take: %s", channel.name, failed)
        return
    now = gateway.registry.channels.get(channel.id)
    if now is not None and (now.provider, now.base_url) == (channel.provider, channel.base_url):
        gateway.registry.describe(channel.id, {model: found[name] for model, name in ids.items() if name in found})


@asynccontextmanager
async def describing(gateway: Gateway) -> AsyncIterator[None]:
    """Inside the block, a channel that is made, changed or enabled is asked about its models soon afterwards."""
    tasks: set[asyncio.Task[None]] = set()

    def changed(channel_id: str) -> None:
        channel = gateway.registry.channels.get(channel_id)
        if channel is not None and PROVIDERS[channel.provider].describes:
            task = asyncio.create_task(describe(gateway, channel), name="describing")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    gateway.registry.on_channel.append(changed)
    try:
        yield
    finally:
        gateway.registry.on_channel.remove(changed)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
