"""Whether every channel is reached by its own way and takes its keys, and what time its upstreams have.

Models are listed, which no provider bills; no model is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from statistics import median

from aihub_lite.domain.channel import Channel, ChannelKey
from aihub_lite.gateway.conditions.standing import key_hint
from aihub_lite.gateway.core import Gateway
from aihub_lite.upstream.credentials import flaw_of, resolved_headers, secret_of
from aihub_lite.upstream.discovery import DiscoveryFailed, listed_models
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import DEMO
from aihub_lite.web.doctor.finding import Finding

AT_ONCE = 16
"""Questions under way."""
MOST_KEYS = 50
"""Of one channel."""
ASKED = 5
"""Upstreams that are asked for the time."""
WITHIN = 8.0
"""Seconds for one question."""
APART = 60.0
"""Seconds: less is a slow answer, more breaks signatures and budgets."""


async def channels(gateway: Gateway) -> list[Finding]:
    """Of each channel that is enabled, with each key that is."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(work: Awaitable[list[Finding]]) -> list[Finding]:
        async with turns:
            return await work

    questions: list[Awaitable[list[Finding]]] = []
    for channel in _asked(gateway):
        keys: Sequence[ChannelKey | None] = [key for key in channel.keys if not key.disabled][:MOST_KEYS]
        if not channel.keys:
            keys = [None]
        if not keys:
            questions.append(_no_key(channel))
        questions += [in_turn(_ask(gateway, channel, key)) for key in keys]
    return [finding for found in await asyncio.gather(*questions) for finding in found]


def _asked(gateway: Gateway) -> list[Channel]:
    return [
        channel
        for channel in gateway.registry.channels.all
        if channel.enabled and not channel.base_url.startswith(DEMO)
    ]


async def _no_key(channel: Channel) -> list[Finding]:
    return [Finding("channel_keyless", "error", {"channel": channel.name})]


async def _ask(gateway: Gateway, channel: Channel, key: ChannelKey | None) -> list[Finding]:
    provider = PROVIDERS[channel.provider]
    facts = {"channel": channel.name, "key": ""}
    secret = None
    if key is not None:
        facts["key"] = key_hint(key)
        secret = secret_of(key, provider, gateway.environ)
        if secret is None:
            reason = flaw_of(key, provider, gateway.environ) or "the key is empty"
            return [Finding("key_missing", "error", {**facts, "reason": reason})]
    transport = gateway.transport.by(channel.way_out)
    headers = resolved_headers(channel.overrides, gateway.environ)
    try:
        await listed_models(transport, provider, channel.base_url, secret, WITHIN, headers)
    except DiscoveryFailed as failed:
        if failed.refused:
            return [Finding("key_refused", "error", {**facts, "reason": str(failed)})]
        try:
            await transport.reach(channel.base_url, WITHIN)
        except TransportFault as fault:
            return [Finding("channel_unreached", "error", {**facts, "reason": str(fault)})]
        if channel.discovered:
            return [Finding("channel_unlisted", "warning", {**facts, "reason": str(failed)})]
    return []


async def clock(gateway: Gateway) -> list[Finding]:
    """Whether this machine's clock agrees with those of upstreams: with the middle one, as one may be wrong itself."""
    by_host = {channel.base_url: channel for channel in _asked(gateway)}
    leads = await asyncio.gather(*(_lead(gateway, channel) for channel in list(by_host.values())[:ASKED]))
    known = [lead for lead in leads if lead is not None]
    if not known or abs(median(known)) <= APART:
        return []
    return [Finding("clock_wrong", "error", {"seconds": f"{median(known):+.0f}"})]


async def _lead(gateway: Gateway, channel: Channel) -> float | None:
    """Seconds that our clock is ahead of an upstream's; None where it does not say. No key goes along."""
    transport = gateway.transport.by(channel.way_out)
    try:
        async with asyncio.timeout(WITHIN):
            response = await transport.send("GET", channel.base_url, (), None)
    except (TransportFault, TimeoutError):
        return None
    try:
        theirs = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    finally:
        await response.aclose()
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return gateway.clock.wall() - theirs.timestamp()
