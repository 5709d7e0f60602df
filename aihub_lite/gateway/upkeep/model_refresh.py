"""The models of channels from their upstreams' lists: at a start, every few hours, and when a person asks.

What somebody has set stays true: a model that is listed no more is kept while an alias, a route, a price, a strategy
or a token names it, and needs attention until a person has removed the one or the other.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, partial

from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.channel import UNCHANGED, Channel, ListChange, Offer
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.gateway.upkeep.model_lists import list_offers
from aihub_lite.upstream.providers import PROVIDERS

log = logging.getLogger(__name__)

HOUR = 3600.0
RETRY = 60.0
"""Seconds until a list that failed is asked for again; doubles up to `LONGEST_RETRY`."""
LONGEST_RETRY = 6 * HOUR


async def refresh(gateway: Gateway, channel: Channel) -> bool:
    """Ask a channel's upstream for its models; False when it did not say, which the channel then shows."""
    if not (channel.discovered or channel.patterns) or not channel.enabled:
        return True
    try:
        await relist(gateway, channel)
    except GatewayError:
        return not channel.discovered  # patterns serve without a list
    return True


async def relist(gateway: Gateway, channel: Channel) -> ListChange:
    """Read the list of a channel that offers what its upstream lists, or patterns of it; what changed is news.

    Raises UpstreamBroken or InvalidRequest, which the channel then shows: what it offered stays.
    """
    provider = PROVIDERS[channel.provider]
    registry = gateway.registry.channels
    try:
        transport = gateway.transport.by(channel.way_out)
        listed = await list_offers(
            transport, gateway.environ, provider, channel.base_url, channel.keys, channel.overrides
        )
        change = await registry.set_offers(channel.id, listed, pointed_at(gateway.registry))
    except GatewayError as error:
        if not channel.discovered:
            log.info("channel %s: %s", channel.name, error.message)
            raise
        # An upstream that stays down fails the same way every minute; the log says it once.
        if registry.list_errors.get(channel.id) != error.message:
            log.warning("channel %s: %s", channel.name, error.message)
        registry.list_errors[channel.id] = error.message
        raise
    registry.list_errors.pop(channel.id, None)
    if change != UNCHANGED:
        counts = (len(change.new), len(change.vanished), len(change.kept))
        log.info("channel %s: %d models are new, %d gone, %d gone and kept", channel.name, *counts)
    await gateway.registry.news.post(channel.id, channel.name, change)
    return change


def pointers(registry: Registry) -> Mapping[str, list[str]]:
    """By public id of a model: what an operator has set that names it, in words: `alias fast`, `token bob`.

    A pattern in a token's models (`gpt-*`) names none.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    models = registry.models
    for alias, target in models.aliases.items():
        found[canonical(target)].append(f"alias {alias}")
    for route in registry.routes.all.values():
        for model in dict.fromkeys(canonical(step.model) for step in route.steps):
            found[model].append(f"route {route.name}")
    for model in {canonical(name) for name in (*models.prices, *models.tier_prices, *models.hosted_prices)}:
        found[model].append("price")
    for model in models.strategies:
        found[canonical(model)].append("strategy")
    for token in registry.tokens.all:
        for model in dict.fromkeys(canonical(name) for name in token.models):
            found[model].append(f"token {token.name}")
    return found


def pointed_at(registry: Registry) -> Callable[[Offer], bool]:
    """Whether somebody has set anything that would be broken without a model, as it is when first asked."""
    found = cache(partial(pointers, registry))
    return lambda offer: canonical(offer.model) in found()


async def wait_until_due(gateway: Gateway, retry: float | None) -> None:
    """Until lists are to be read again: after the setting's hours, or `retry` seconds where one could not be read.

    Follows a change of the setting while it waits; with none, for ever.
    """
    changed = asyncio.Event()
    began = gateway.clock.monotonic()
    gateway.live_settings.on_change.append(changed.set)
    try:
        while True:
            changed.clear()
            left = _pause(gateway.settings.model_refresh_hours, retry) - (gateway.clock.monotonic() - began)
            try:
                async with asyncio.timeout(left if math.isfinite(left) else None):
                    await changed.wait()
            except TimeoutError:
                return
    finally:
        gateway.live_settings.on_change.remove(changed.set)


def _pause(hours: int, retry: float | None) -> float:
    """Seconds; a list that failed at a start is asked for again even where no hours are set."""
    pauses = [retry or math.inf]
    if hours:
        pauses.append(hours * HOUR)
    return min(pauses)
