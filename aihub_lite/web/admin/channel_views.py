"""A channel as the admin API and the console show it: its state, its keys by their hints, its models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from aihub_lite.domain.channel import BY_OPERATOR, Channel, ChannelKey, ListChange, Offer
from aihub_lite.domain.validation import base_url_warning
from aihub_lite.errors import Conflict, NotFound
from aihub_lite.gateway.conditions.standing import (
    channel_state,
    failing_text,
    key_hint,
    out_of_use,
    out_text,
    rest_end,
)
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.drifts import Drifts
from aihub_lite.upstream.providers import PROVIDERS, Provider
from aihub_lite.web.admin.paging import Asked, Order
from aihub_lite.web.limits import limits_json, used_json
from aihub_lite.web.overrides import header_warnings, overrides_json
from aihub_lite.web.views import Json, moment_text
from aihub_lite.web.way_out import way_json

MANY_KEYS = 10
"""Keys that a refusal names."""


def states_of(gateway: Gateway, ids: Iterable[str]) -> dict[str, str]:
    """The state of each of these channels, by id."""
    channels = gateway.registry.channels.by_id
    return {channel_id: channel_state(gateway, channels[channel_id]) for channel_id in ids}


def key_json(gateway: Gateway, key: ChannelKey, provider: Provider) -> Json:
    """A key by its hint; `disabled` says why it is not used, null for one that is, and `until` when it is tried again.

    `until` is null for one that waits for a person.
    """
    state = {"disabled": out_of_use(gateway, key, provider) or None, "until": rest_end(key)}
    return {"id": key.id, "hint": key_hint(key), **state, **limits_json(key.limits)}


def key_named(channel: Channel, ref: str) -> ChannelKey:
    """A key by its id (`k2`), its place in the list (`2`), or its hint, with the `…` or without.

    Raises NotFound, or Conflict where several have the hint. Neither repeats `ref`, which may be a whole key.
    """
    places = {str(place): key for place, key in enumerate(channel.keys, 1)}
    exact = {**places, **{key.id: key for key in channel.keys}}
    if ref in exact:
        return exact[ref]
    hinted = [key for key in channel.keys if ref in (key_hint(key), key_hint(key).removeprefix("…"))]
    if len(hinted) > 1:
        ids = ", ".join(key.id for key in hinted)
        raise Conflict(f"Several keys of channel {channel.name} are shown so: name one by its id: {ids}.")
    if not hinted:
        raise NotFound(f"Channel {channel.name} has no such key; its keys are {_known_keys(channel)}.")
    return hinted[0]


def _known_keys(channel: Channel) -> str:
    return ", ".join(f"{key.id} ({key_hint(key)})" for key in channel.keys[:MANY_KEYS]) or "none"


def key_out_text(key: Json) -> str:
    """Why a key that `key_json` shows is out of use, and until when."""
    return out_text(key["hint"], key["disabled"], key["until"])


async def channel_json(gateway: Gateway, channel: Channel) -> Json:
    """All that is known of a channel; `drift` is null while too few of its answers have one."""
    drifts = await Drifts(gateway.database).of_channels([channel.id])
    return {**standing_json(gateway, channel), "drift": drifts.get(channel.id)}


def standing_json(gateway: Gateway, channel: Channel) -> Json:
    """A channel with its state: `ok`, `disabled`, `no usable key`, `keys rest`, `cooling down`, `failing` or
    `at its limit`."""
    return {
        "id": channel.id,
        "name": channel.name,
        "type": channel.provider,
        "base_url": channel.base_url,
        "created": moment_text(channel.created_at),
        "origin": channel.origin,
        "enabled": channel.enabled,
        "disabled": channel.disabled or None,
        "state": channel_state(gateway, channel),
        "keys": [key_json(gateway, key, PROVIDERS[channel.provider]) for key in channel.keys],
        "models": [offer_text(offer) for offer in (*channel.offers, *channel.patterns) if not offer.pattern],
        "matching": [offer.model for offer in channel.offers if offer.pattern],
        "discovered": channel.discovered,
        "gone": [offer.model for offer in channel.offers if offer.gone_since],
        "failing": failing_text(gateway, channel) or None,
        "list_error": gateway.registry.channels.list_errors.get(channel.id),
        "priority": channel.priority,
        "weight": channel.weight,
        "group": channel.group,
        "clocks": attrs.asdict(channel.clocks),
        "cost": channel.cost,
        "learn": channel.learn,
        **limits_json(channel.limits),
        **overrides_json(channel.overrides),
        **way_json(channel.way_out),
        "used": used_json(gateway, channel),
    }


def change_json(change: ListChange) -> Json:
    """Models that are new in an upstream's list, gone, and gone but kept since something points at them."""
    return {"new": change.new, "vanished": change.vanished, "kept": change.kept}


def offer_text(offer: Offer) -> str:
    """An offer as `offers_from` reads it."""
    if offer.model == offer.upstream_model:
        return offer.model
    return f"{offer.model}={offer.upstream_model}"


HIGHEST_FIRST = Order[Channel](place=lambda channel: (-channel.priority, channel.name), kind=tuple[int, str])


async def channel_rows(
    gateway: Gateway, asked: Asked, order: Order[Channel] = HIGHEST_FIRST
) -> Iterator[tuple[Channel, Json]]:
    """The channels beyond a page, as `Order.beyond` has them, each with what is shown of it."""
    channels = gateway.registry.channels.all
    matching = (each for each in channels if asked.wants(each.name, each.provider, each.group))
    beyond = order.beyond(matching, asked)
    drifts = await Drifts(gateway.database).of_channels([channel.id for channel in beyond])
    return ((channel, {**standing_json(gateway, channel), "drift": drifts.get(channel.id)}) for channel in beyond)


async def channel_with_warnings(gateway: Gateway, channel: Channel) -> Json:
    """A channel after a change, with a warning for an odd base URL and for each key that is not used."""
    answer = await channel_json(gateway, channel)
    warnings = []
    if warning := base_url_warning(channel.base_url):
        warnings.append(warning)
    out = [key for key in answer["keys"] if key["disabled"]]
    # Whoever has disabled one key knows; that no other is left may have been overlooked.
    if len(out) < len(answer["keys"]):
        out = [key for key in out if key["disabled"] != BY_OPERATOR]
    warnings += [f"keys: {key_out_text(key)}" for key in out]
    answer["warnings"] = warnings + header_warnings(channel.overrides, gateway.environ)
    return answer
