"""The kinds of upstream that the gateway knows by name: one row says all that is known of one.

Each row has the address of its source and the month in which that was read. To be read in this order: `provider` (what
a row may say), `labs`, `hosts` and `servers` (the rows). May import `domain` and `wire`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from urllib.parse import urlsplit

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.money import UNPRICED
from aihub_lite.upstream.providers.hosts import HOSTS
from aihub_lite.upstream.providers.labs import LABS
from aihub_lite.upstream.providers.provider import ANTHROPIC_VERSION, EVERY_KIND, Provider
from aihub_lite.upstream.providers.servers import SERVERS
from aihub_lite.wire.chat.quirks import Quirks

__all__ = ["ANTHROPIC_VERSION", "EVERY_KIND", "PROVIDERS", "Provider", "is_unpriced", "quirks_at"]

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (*LABS, *HOSTS, *SERVERS)}


def quirks_at(provider: Provider, base_url: str) -> Quirks:
    """How the server at an address differs from OpenAI: as what it is known to be there, whatever it is called."""
    if provider.quirks_dated is not None and provider.dated(base_url):
        return provider.quirks_dated
    if provider.quirks_elsewhere is None or base_url == provider.base_url:
        return provider.quirks
    return _quirks_of_host(base_url) or provider.quirks_elsewhere


def is_unpriced(candidate: Candidate) -> bool:
    """Whether nobody knows what requests cost there. What runs on one's own machine, or is a demo, costs nothing."""
    if candidate.price.source != UNPRICED.source or candidate.price != UNPRICED:
        return False
    provider = PROVIDERS.get(candidate.channel.provider)
    return provider is None or not provider.free


@functools.lru_cache(maxsize=1024)
def _quirks_of_host(base_url: str) -> Quirks | None:
    """Those of the provider whose server answers at an address; None for an address of nobody's."""
    host = urlsplit(base_url).hostname
    if host is None:
        return None
    for provider in PROVIDERS.values():
        if provider.wire == "chat" and not provider.free and urlsplit(provider.base_url).hostname == host:
            return provider.quirks
    return None
