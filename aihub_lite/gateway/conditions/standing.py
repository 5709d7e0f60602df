"""How a channel and its keys stand at this moment, in the words that people read."""

from __future__ import annotations

from collections.abc import Iterable

from aihub_lite.domain.channel import Channel, ChannelKey
from aihub_lite.domain.clock import moment_text
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing.account_limits import NOTHING
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.upstream.cloud_accounts import credential_hint
from aihub_lite.upstream.credentials import flaw_of, headers_unset, secret_of
from aihub_lite.upstream.providers import PROVIDERS, Provider

SHORT_KEY = 12
"""Characters below which nothing of a key is shown."""


def key_hint(key: ChannelKey) -> str:
    """The variable that holds the key, or its last characters; of a short key those would be too many."""
    if key.env:
        return key.ref.value
    if (hint := credential_hint(key.ref.value)) is not None:
        return hint
    if len(key.ref.value) < SHORT_KEY:
        return "…"
    return "…" + key.ref.value[-4:]


def out_of_use(gateway: Gateway, key: ChannelKey, provider: Provider) -> str:
    """Why a key is not used; empty for one that is."""
    return key.disabled or flaw_of(key, provider, gateway.environ)


def out_text(hint: str, why: str, until: str | None) -> str:
    """Why the key of a hint is out of use, and until when."""
    if until is None:
        return f"{hint}: {why}"
    return f"{hint}: {why}, tried again from {until}"


def rest_end(key: ChannelKey) -> str | None:
    """When a key is tried again; None for one that waits for a person, or is in use."""
    if not key.rests_until:
        return None
    return moment_text(key.rests_until)


def channel_state(gateway: Gateway, channel: Channel) -> str:
    """`ok`, `disabled`, `no usable key`, `keys rest`, `cooling down`, `failing` or `at its limit`."""
    if not channel.enabled:
        return "disabled"
    provider = PROVIDERS[channel.provider]
    usable = [key for key in channel.keys if not key.refused and secret_of(key, provider, gateway.environ)]
    if (channel.keys and not usable) or headers_unset(channel.overrides, gateway.environ):
        return "no usable key"
    if usable and all(key.rests_until for key in usable):
        return "keys rest"
    if not gateway.health.available(channel.id):
        return "cooling down"
    if failing_text(gateway, channel):
        return "failing"
    if at_limit(gateway, channel, usable):
        return "at its limit"
    return "ok"


def failing_text(gateway: Gateway, channel: Channel) -> str:
    """Why a channel is known not to work, from its last test or from its upstream's list where it has no models; empty
    where nothing is known against it."""
    fault = gateway.health.of(channel.id).test_fault
    if not fault and not channel.offers and not channel.patterns:
        fault = gateway.registry.channels.list_errors.get(channel.id, "")
    return fault


def at_limit(gateway: Gateway, channel: Channel, usable: Iterable[ChannelKey]) -> bool:
    """Whether none of a channel's usable keys takes another request now, for limits that an operator set."""
    limits = gateway.line.router.limits
    if not limits.in_use:
        return False
    ids = [key.id for key in usable] or [NO_KEY]
    return all(limits.full((channel.id, key_id, ""), NOTHING) for key_id in ids)
