"""`[channels.NAME]`: the channel that a table describes, by the rules of the admin API's bodies.

Nobody is asked which models there are: a channel that offers its upstream's own list keeps what it knows of it until it
is read again.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any, get_args

import attrs

from aihub_lite.domain.channel import (
    BY_OPERATOR,
    Channel,
    ChannelKey,
    Offer,
    Origin,
    in_use,
    last_number,
    reenabled,
    switched_off,
)
from aihub_lite.domain.limits import NO_LIMITS
from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.patterns import STAR, known_offers
from aihub_lite.domain.validation import checked_channel
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.upstream.cloud_accounts import credential_refs
from aihub_lite.upstream.providers import Provider
from aihub_lite.web.admin.channel_input import (
    SETTINGS,
    ChannelInput,
    address_for,
    key_refs,
    offers_from,
    provider_named,
)
from aihub_lite.web.configuration.entries import ChannelEntry, KeyEntry
from aihub_lite.web.configuration.reading import Table, at, entry_of, known_fields
from aihub_lite.web.limits import LIMITS
from aihub_lite.web.overrides import OVERRIDES, overrides_of
from aihub_lite.web.way_out import WAY, way_out_of

ORIGINS: tuple[Origin, ...] = get_args(Origin)
KEY_ID = re.compile(r"k[1-9][0-9]{0,8}", re.ASCII)
KEY_FIELDS = tuple(field.name for field in attrs.fields(KeyEntry))


@attrs.frozen(kw_only=True)
class Wanted:
    """What a table says of a channel."""

    name: str
    entry: ChannelEntry
    provider: Provider
    keys: tuple[KeyEntry, ...] | None
    """None where it says nothing of keys: then the provider's own variable is meant, if it has one."""
    base_url: str


def wanted_channel(gateway: Gateway, name: str, table: Table) -> Wanted:
    """The table, checked for form; raises InvalidRequest."""
    fields: dict[str, Any] = {"name": name, **table, "provider": table.get("type", "openai")}
    fields.pop("type", None)
    keys = None
    if "keys" in fields:
        keys = _key_entries(fields.pop("keys"))
    entry = entry_of(ChannelEntry, fields)
    if entry.origin not in ORIGINS:
        raise InvalidRequest(f"origin: must be one of {', '.join(ORIGINS)}")
    provider = _provider(entry.provider)
    refs = [ChannelKey(id="k1", ref=Secret(key.key)) for key in keys or () if key.key]
    base_url = address_for(entry, provider, tuple(refs), gateway)
    return Wanted(name=name, entry=entry, provider=provider, keys=keys, base_url=base_url)


def _provider(name: str) -> Provider:
    try:
        return provider_named(name)
    except InvalidRequest as error:
        # In the file, as on the command line, it is called otherwise.
        raise InvalidRequest(error.message.replace("provider:", "type:", 1)) from None


def _key_entries(entries: Any) -> tuple[KeyEntry, ...]:
    if not isinstance(entries, list):
        raise InvalidRequest('keys: must be a list, like [{ key = "env:NAME" }]')
    read = []
    for place, given in enumerate(entries):
        entry = given
        if isinstance(given, str):
            entry = {"key": given}
        if not isinstance(entry, dict):
            raise InvalidRequest(f'keys.{place}: must be a table, like {{ key = "env:NAME" }}')
        known_fields(("keys", str(place)), entry, KEY_FIELDS)
        with at("keys", str(place)):
            read.append(entry_of(KeyEntry, entry))
    return tuple(read)


def channel_of(gateway: Gateway, wanted: Wanted, before: Channel | None) -> Channel:
    """The channel as the table wants it, over the one that is there; for a new one, `id` and `created_at` are empty.

    Raises InvalidRequest.
    """
    channel = before
    if channel is None:
        channel = Channel(id="", name=wanted.name, provider="", base_url="", created_at=0)
    entry = wanted.entry
    settings: dict[str, Any] = {name: getattr(entry, name) for name in SETTINGS}
    if before is None:
        settings["origin"] = entry.origin
    channel = attrs.evolve(
        channel,
        **settings,
        provider=wanted.provider.name,
        base_url=wanted.base_url,
        limits=entry.over(NO_LIMITS, LIMITS),
        overrides=overrides_of(OVERRIDES, entry, channel.overrides),
        way_out=way_out_of(gateway, WAY, entry, wanted.base_url, channel.way_out),
        keys=_keys(gateway, wanted, channel),
    )
    channel = _switched(_offering(channel, entry.models), enabled=entry.enabled)
    return checked_channel(channel)


def _switched(channel: Channel, *, enabled: bool) -> Channel:
    """Enabled or not, as by hand: whoever is enabled brings back the keys that the gateway took out."""
    if enabled == channel.enabled:
        return channel
    if enabled:
        return reenabled(channel)
    return attrs.evolve(channel, enabled=False, disabled=BY_OPERATOR)


def _offering(channel: Channel, models: tuple[str, ...]) -> Channel:
    """The channel with these models, or with its upstream's own list where there are none."""
    named = offers_from(models)
    patterns = tuple(offer for offer in named if STAR in offer.model)
    exact = tuple(offer for offer in named if STAR not in offer.model)
    if not named:
        return attrs.evolve(channel, patterns=(), discovered=True)
    said = [_pair(offer) for offer in (*channel.offers, *channel.patterns) if not offer.pattern]
    if not channel.discovered and said == [_pair(offer) for offer in (*exact, *patterns)]:
        return channel
    known = known_offers(patterns, exact, channel.offers)
    return attrs.evolve(channel, offers=(*exact, *known), patterns=patterns, discovered=False)


def _pair(offer: Offer) -> tuple[str, str]:
    return offer.model, offer.upstream_model


def _keys(gateway: Gateway, wanted: Wanted, channel: Channel) -> tuple[ChannelKey, ...]:
    """The keys of the table: those that the channel has keep their id and state, new ones never take an old one's."""
    entries = wanted.keys
    if entries is None:
        # An address that the file has written out may be the provider's own all the same.
        request: ChannelInput = wanted.entry
        if wanted.base_url == wanted.provider.address(gateway.environ):
            request = attrs.evolve(request, base_url="", project="", region="")
        entries = tuple(KeyEntry(key=ref) for ref in key_refs(request, wanted.provider, gateway))
    keys: dict[str, ChannelKey] = {}
    for place, entry in enumerate(entries):
        with at("keys", str(place)):
            key = _key_of(entry, wanted.provider, channel)
            if key.ref.value in keys:
                raise InvalidRequest("key: is listed twice")
            keys[key.ref.value] = attrs.evolve(_used(key, enabled=entry.enabled), limits=entry.over(NO_LIMITS, LIMITS))
    return _numbered(keys.values(), gateway.registry.channels.last_keys.get(channel.id, 0))


def _key_of(entry: KeyEntry, provider: Provider, channel: Channel) -> ChannelKey:
    """One key, as the channel has it; the id of a new one is the file's where the channel is new, else empty."""
    if not entry.key:
        for key in channel.keys:
            if key.id == entry.id:
                return key
        raise InvalidRequest('key: is left out, and the channel has none of this id: write key = "env:NAME"')
    (ref,) = credential_refs([entry.key], provider)
    for key in channel.keys:
        if key.ref.value == ref:
            return key
    if channel.id or entry.id is None:
        return ChannelKey(id="", ref=Secret(ref))
    if not KEY_ID.fullmatch(entry.id):
        raise InvalidRequest("id: must be like k1")
    return ChannelKey(id=entry.id, ref=Secret(ref))


def _used(key: ChannelKey, *, enabled: bool) -> ChannelKey:
    """In use, or switched off. What the gateway itself took out of use is not in the file, and stays out."""
    if not enabled and key.disabled != BY_OPERATOR:
        return switched_off(key)
    if enabled and key.disabled == BY_OPERATOR:
        return in_use(key)
    return key


def _numbered(keys: Iterable[ChannelKey], highest: int) -> tuple[ChannelKey, ...]:
    """Ids for those that have none yet: the next that no key of the channel had."""
    keys = [*keys]
    highest = max(highest, last_number(key for key in keys if key.id))
    free = itertools.count(highest + 1)
    numbered = [key if key.id else attrs.evolve(key, id=f"k{next(free)}") for key in keys]
    if len({key.id for key in numbered}) != len(numbered):
        raise InvalidRequest("keys: one id is there twice")
    return tuple(numbered)
