"""One upstream account the gateway may use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import attrs

Origin = Literal["operator", "env", "local", "builtin"]
"""Who made the channel: a person, a key in the environment, a local server that answered, or the gateway."""


@attrs.frozen
class Secret:
    """A key that no `repr`, log or error shows."""

    value: str = attrs.field(repr=lambda _: "***")

    def __str__(self) -> str:
        return "***"


@attrs.frozen(kw_only=True)
class ChannelKey:
    """One key of a channel: typed in, or `env:NAME`, which is resolved at use and never copied anywhere."""

    id: str
    """Short and stable within the channel (`k1`, `k2`…)."""
    ref: Secret
    """`env:NAME` or the key."""
    disabled: str = ""
    """Why the gateway took it out of use; empty while it is in use."""

    @property
    def env(self) -> str | None:
        """The environment variable's name for an `env:` key."""
        return self.ref.value[4:] if self.ref.value.startswith("env:") else None


def keys_of(refs: Iterable[str], before: tuple[ChannelKey, ...] = ()) -> tuple[ChannelKey, ...]:
    """Keys for these references, each once; one that was there before stays as it was.

    A new key never takes an old one's id: a late refusal of the old key must not disable the new one.
    """
    kept = {key.ref.value: key for key in before}
    highest = max((int(key.id[1:]) for key in before), default=0)
    made: dict[str, ChannelKey] = {}
    for ref in refs:
        if ref not in made:
            if ref not in kept:
                highest += 1
            made[ref] = kept.get(ref) or ChannelKey(id=f"k{highest}", ref=Secret(ref))
    return tuple(made.values())


@attrs.frozen
class Offer:
    """One model at a channel: the id the channel offers it by, and its id upstream."""

    model: str
    upstream_model: str


@attrs.frozen(kw_only=True)
class Clocks:
    """A channel's own limits in seconds; None takes the gateway's."""

    connect: float | None = None
    first_byte: float | None = None
    idle: float | None = None
    total: float | None = None


@attrs.frozen(kw_only=True)
class Channel:
    """One channel as configured; how well it does at the moment lives in the gateway's health."""

    id: str
    name: str
    provider: str
    """A name from the provider registry: decides wire, quirks and default base URL."""
    base_url: str
    """Ends without a slash; the path of an endpoint is appended (`…/v1` + `/chat/completions`)."""
    created_at: int
    keys: tuple[ChannelKey, ...] = ()
    offers: tuple[Offer, ...] = ()
    discovered: bool = False
    """Whether the offers are the upstream's own list, to be refreshed."""
    priority: int = 0
    weight: int = 1
    group: str = "default"
    enabled: bool = True
    disabled: str = ""
    """Why it is disabled: an operator's word or the gateway's reason."""
    origin: Origin = "operator"
    clocks: Clocks = Clocks()


def with_key(channel: Channel, changed: ChannelKey) -> tuple[ChannelKey, ...]:
    """The channel's keys, one of them changed."""
    return tuple(changed if key.id == changed.id else key for key in channel.keys)


def brought_back(channel: Channel) -> Channel:
    """The channel in use again with all its keys, whatever took them out."""
    keys = tuple(attrs.evolve(key, disabled="") for key in channel.keys)
    return attrs.evolve(channel, enabled=True, disabled="", keys=keys)
