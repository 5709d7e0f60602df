"""Channels of one-api and new-api as ours: one for each group, with the keys of all rows that differ in them alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import attrs

from aihub_lite.domain.channel import BY_OPERATOR, Channel, Offer, keys_of
from aihub_lite.moving.move import MovedChannel
from aihub_lite.moving.peer import Row, entries, whole
from aihub_lite.moving.places import Destination, place_of
from aihub_lite.moving.relay import DISABLED_BY_ITSELF, ENABLED, Deal, Relay, is_model


@attrs.frozen
class One:
    """A row for one of its groups."""

    source: str
    channel: Channel
    notes: tuple[str, ...]


def channels_of(relay: Relay) -> list[MovedChannel]:
    """All that can come along; the relay is told what is offered at which of them, and what stays behind."""
    alike: defaultdict[object, list[One]] = defaultdict(list)
    for row in relay.channels:
        for one in _for_groups(relay, row):
            same: object = one.source
            if len(one.channel.keys) == 1:
                same = attrs.evolve(one.channel, keys=(), created_at=0)
            alike[same].append(one)
    return [_joined(ones) for ones in alike.values()]


def _joined(ones: list[One]) -> MovedChannel:
    first = ones[0]
    channel, notes = first.channel, [*first.notes]
    if len(ones) > 1:
        refs = [key.ref.value for one in ones for key in one.channel.keys]
        channel = attrs.evolve(channel, keys=keys_of(refs))
        notes.append(f"{len(ones)} channels of this name that differed in their keys alone are one")
    return MovedChannel(sources=tuple(one.source for one in ones), channel=channel, notes=tuple(notes))


def _for_groups(relay: Relay, row: Row) -> Iterator[One]:
    place = place_of(relay.program, whole(row["type"]), str(row["base_url"] or ""), str(row["other"] or ""))
    if isinstance(place, str):
        relay.leave("channel", row["id"], row["name"], place)
        return
    notes: list[str] = []
    offers = tuple(_offers(relay, row, notes))
    channel = relay.adorned(row, _channel(relay, row, place, offers), notes)
    groups = entries(row["group"]) or ["default"]
    served = [group for group in groups if group in relay.groups] or groups[:1]
    unused = [group for group in groups if group not in served]
    if unused:
        notes.append(f"no channel for group {', '.join(unused)}, in which nobody is")
    if len(served) > 1:
        notes.append(f"served groups {', '.join(served)}: a channel here has one")
    sources = {group: relay.channel_source(row, group) for group in served}
    relay.served[whole(row["id"])] = sources
    for group, source in sources.items():
        name = channel.name
        if group != served[0]:
            name = f"{name}-{group}"
        yield One(source, attrs.evolve(channel, name=name, group=group), tuple(notes))


def _channel(relay: Relay, row: Row, place: Destination, offers: tuple[Offer, ...]) -> Channel:
    status = whole(row["status"])
    why = ""
    if status == DISABLED_BY_ITSELF:
        why = f"{relay.program} had disabled it by itself"
    elif status != ENABLED:
        why = BY_OPERATOR
    weight = 1
    if relay.weighs:
        weight = max(whole(row["weight"]), 1)
    return Channel(
        id="",
        name=str(row["name"] or ""),
        provider=place.provider,
        base_url=place.base_url,
        created_at=whole(row["created_time"]),
        keys=relay.keys(row),
        offers=offers,
        priority=whole(row["priority"]),
        weight=weight,
        enabled=status == ENABLED,
        disabled=why,
    )


def _offers(relay: Relay, row: Row, notes: list[str]) -> Iterator[Offer]:
    for model in dict.fromkeys(entries(row["models"])):
        upstream = relay.upstream_model(row, model)
        if not is_model(model) or not is_model(upstream):
            notes.append(f"model {model!r} cannot be asked for here")
            continue
        billed = relay.billed(row, model)
        relay.deals.append(Deal(str(row["name"]), whole(row["type"]), model, billed, whole(row["priority"])))
        yield Offer(model, upstream)
