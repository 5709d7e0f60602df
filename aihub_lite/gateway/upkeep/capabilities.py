"""What upstreams themselves say that their models take, asked for beside the requests and never for one of them.

Kept in memory only: a start asks anew. What an upstream does not say, the table in `wire/anthropic/models` knows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aihub_lite.domain.channel import Channel
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.upkeep.model_lists import usable_key
from aihub_lite.upstream.credentials import resolved_headers
from aihub_lite.upstream.discovery import DiscoveryFailed, describe_models
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.models import upstream_id

log = logging.getLogger(__name__)


async def describe(gateway: Gateway, channel: Channel) -> None:
    """Ask a channel's upstream about its models; where that fails, what is known stays."""
    provider = PROVIDERS[channel.provider]
    if not (provider.describes and channel.enabled):
        return
    ids = {offer.upstream_model: upstream_id(offer.upstream_model) for offer in channel.offers}
    try:
        key = usable_key(channel.keys, provider, gateway.environ)
        headers = resolved_headers(channel.overrides, gateway.environ)
        transport = gateway.transport.by(channel.way_out)
        descriptions = await describe_models(transport, provider, channel.base_url, key, ids.values(), more=headers)
    except (DiscoveryFailed, GatewayError) as failed:
        log.info("channel %s does not say what its models take: %s", channel.name, failed)
        return
    # The channel may lead to another upstream by now, or nowhere.
    current = gateway.registry.channels.by_id.get(channel.id)
    if current is not None and (current.provider, current.base_url) == (channel.provider, channel.base_url):
        by_model = {model: descriptions[name] for model, name in ids.items() if name in descriptions}
        gateway.registry.channels.describe(channel.id, by_model)


@asynccontextmanager
async def describing_changes(gateway: Gateway) -> AsyncIterator[None]:
    """Inside the block, a channel that is made, changed or enabled is asked about its models soon afterwards."""
    registry = gateway.registry.channels
    tasks: set[asyncio.Task[None]] = set()

    def channel_changed(channel_id: str) -> None:
        channel = registry.by_id.get(channel_id)
        if channel is not None and PROVIDERS[channel.provider].describes:
            task = asyncio.create_task(describe(gateway, channel), name="describing")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    registry.on_change.append(channel_changed)
    try:
        yield
    finally:
        registry.on_change.remove(channel_changed)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
