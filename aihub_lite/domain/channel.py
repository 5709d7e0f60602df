"""One upstream account the gateway may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, get_args

import attrs

from aihub_lite.domain.limits import NO_LIMITS, Learn, Limits
from aihub_lite.domain.overrides import Overrides
from aihub_lite.domain.overrides import Secret as Secret  # noqa: PLC0414  beside the keys that it is for
from aihub_lite.domain.way_out import WayOut

Origin = Literal["operator", "env", "local", "builtin"]
"""Who added the channel: a person, a key in the environment, a local server that answered, or the gateway."""

FILE = "file:"
"""Before the path of a file on the gateway's machine that holds a credential; it is read at use, as `env:` is."""
ENTRA = "entra:"
"""Before the credential of an application at Microsoft Entra, which channels at Azure may have in place of a key."""
IN_VARIABLE = re.compile(r"(?:env:|entra:(?:https?://[^/]*/)?[^/]*/[^/]*/env:)(.*)")
"""A key that is in a variable, or a credential whose secret is."""
APPLICATION_DEFAULT = "default"
"""The credential of a cloud's channel that is left to the machine: what its own tools would use there."""

CostBy = Literal["auto", "upstream", "table"]
"""What a channel's requests are billed by: `upstream`, what it says itself that they cost, where it says anything;
`table`, the price of the model; `auto`, as `upstream` unless the operator set a price for the model."""

BY_OPERATOR = "disabled by the operator"
"""Why a channel or a key is out of use that a person switched off: nothing but a person brings it back."""


@attrs.frozen(kw_only=True)
class ChannelKey:
    """One key of a channel: typed in, or `env:NAME`, which is resolved at use and never copied anywhere."""

    id: str
    """Short and stable within the channel (`k1`, `k2`…)."""
    ref: Secret
    """`env:NAME` or the key."""
    disabled: str = ""
    """Why the gateway took it out of use; empty while it is in use."""
    rests_until: int = 0
    """Unix seconds when it is tried again; 0 where it waits for a person, or is in use."""
    rests: int = 0
    """How many times in a row it was taken out of use for a while."""
    limits: Limits = NO_LIMITS
    """Its own, beside those of its channel."""

    @property
    def refused(self) -> bool:
        """Whether it is out of use until a person brings it back."""
        return bool(self.disabled) and not self.rests_until

    @property
    def env(self) -> str | None:
        """The name of the variable that an `env:` key is in, or the secret of a credential; None for one typed in."""
        in_variable = IN_VARIABLE.fullmatch(self.ref.value)
        if in_variable is None:
            return None
        return in_variable[1]


def keys_of(refs: Iterable[str], before: tuple[ChannelKey, ...] = (), highest: int = 0) -> tuple[ChannelKey, ...]:
    """Keys for these references, each once; a key of `before` stays as it was.

    A new key never takes an old one's id: a late refusal of the old key must not disable the new one. `highest` is the
    number of the last id that the channel gave out, where that key is gone by now.
    """
    kept = {key.ref.value: key for key in before}
    highest = max(highest, last_number(before))
    keys: dict[str, ChannelKey] = {}
    for ref in refs:
        if ref in keys:
            continue
        if ref in kept:
            keys[ref] = kept[ref]
        else:
            highest += 1
            keys[ref] = ChannelKey(id=f"k{highest}", ref=Secret(ref))
    return tuple(keys.values())


def last_number(keys: Iterable[ChannelKey]) -> int:
    """The highest number in the ids of keys; 0 without any."""
    return max((int(key.id[1:]) for key in keys), default=0)


Ability = Literal["tools", "image", "audio", "file", "structured", "reasoning"]
"""What some models can do and others cannot: call tools, read images, sound, or files like PDF, answer by a JSON
schema, reason before they answer."""
ABILITIES: tuple[Ability, ...] = get_args(Ability)


@attrs.frozen(kw_only=True)
class ModelFacts:
    """What is known of a model beside its price; None or empty where it is not."""

    name: str = ""
    """As people write it."""
    context_length: int | None = None
    """Tokens of prompt and completion together."""
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] = ()
    """What it reads: text, image, audio, video, file."""
    can: tuple[Ability, ...] = ()
    """What its upstream says that it can do beside writing."""
    cannot: tuple[Ability, ...] = ()
    """What it says that it cannot."""

    def corrected(self, own: ModelFacts) -> ModelFacts:
        """The same with what somebody who knows better says."""
        said = {*own.can, *own.cannot}
        return attrs.evolve(
            self,
            context_length=own.context_length or self.context_length,
            can=(*own.can, *(ability for ability in self.can if ability not in said)),
            cannot=(*own.cannot, *(ability for ability in self.cannot if ability not in said)),
        )


@attrs.frozen
class Offer:
    """One model at a channel: the id the channel offers it by, and its id upstream."""

    model: str
    upstream_model: str
    facts: ModelFacts | None = None
    """What the upstream's own list says of it."""
    pattern: str = ""
    """The pattern that it is known by, from that list; empty for a model that was named."""
    gone_since: int = 0
    """Unix seconds since which that list has it no more: it stays since something points at it; 0: it is listed."""


@attrs.frozen(kw_only=True)
class Clocks:
    """A channel's own limits in seconds; None takes the gateway's."""

    connect: float | None = None
    first_byte: float | None = None
    answer: float | None = None
    idle: float | None = None
    total: float | None = None


@attrs.frozen(kw_only=True)
class Channel:
    """One channel as configured; how well it does at the moment lives in the gateway's health."""

    id: str
    name: str
    provider: str
    """The name of its type, as `channel add --type` takes it: that decides its wire, quirks and default base URL."""
    base_url: str
    """Ends without a slash; the path of an endpoint is appended (`…/v1` + `/chat/completions`)."""
    created_at: int
    keys: tuple[ChannelKey, ...] = ()
    offers: tuple[Offer, ...] = ()
    patterns: tuple[Offer, ...] = ()
    """What it offers beside: each with a `*` in both of its ids."""
    discovered: bool = False
    """Whether the offers are the upstream's own list, to be refreshed."""
    priority: int = 0
    weight: int = 1
    group: str = "default"
    enabled: bool = True
    disabled: str = ""
    """Why it is disabled: by an operator, or the gateway's reason."""
    origin: Origin = "operator"
    clocks: Clocks = Clocks()
    cost: CostBy = "auto"
    limits: Limits = NO_LIMITS
    """Of all its keys together."""
    learn: Learn = "on"
    overrides: Overrides | None = None
    """What is changed in all that is sent to it; None where nothing is."""
    way_out: WayOut | None = None
    """How it is reached; None where nothing is said of that."""


def in_use(key: ChannelKey) -> ChannelKey:
    """The key as if nothing had ever been wrong with it."""
    return attrs.evolve(key, disabled="", rests_until=0, rests=0)


def brought_back(key: ChannelKey) -> ChannelKey:
    """The key in use again, unless a person switched it off."""
    if key.disabled == BY_OPERATOR:
        return key
    return in_use(key)


def switched_off(key: ChannelKey) -> ChannelKey:
    """The key out of use until a person brings it back."""
    return attrs.evolve(in_use(key), disabled=BY_OPERATOR)


def with_key(channel: Channel, changed: ChannelKey) -> tuple[ChannelKey, ...]:
    """The channel's keys, with `changed` in place of the one that has its id."""
    return tuple(changed if key.id == changed.id else key for key in channel.keys)


def reenabled(channel: Channel) -> Channel:
    """The channel enabled, and all keys with it that the gateway took out of use; a person's switch stays as it is."""
    keys = tuple(brought_back(key) for key in channel.keys)
    return attrs.evolve(channel, enabled=True, disabled="", keys=keys)


MOST_NEW_NAMES = 100
"""Models that a piece of news names of each kind."""


@attrs.frozen(kw_only=True)
class ListChange:
    """Public ids of models. `kept` are listed no more either, but stay on offer."""

    new: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


UNCHANGED = ListChange()


@attrs.frozen(kw_only=True)
class ModelNews:
    """One change of one channel's list, with at most `MOST_NEW_NAMES` models of each kind."""

    at: int
    """Unix seconds."""
    channel_id: str
    channel: str
    change: ListChange


def relisted(
    before: tuple[Offer, ...], listed: tuple[Offer, ...], stays: Callable[[Offer], bool], now: int
) -> tuple[tuple[Offer, ...], ListChange]:
    """The offers after a list was read, and what is news of it; a first list is none.

    A model that the list has no more is dropped, unless it `stays`: then it is on offer as before, marked with the time
    in Unix seconds. That it is gone is said once.
    """
    known = {offer.model: offer for offer in before}
    names = {offer.model for offer in listed}
    gone = [offer for offer in before if offer.model not in names]
    kept = [attrs.evolve(offer, gone_since=offer.gone_since or now) for offer in gone if stays(offer)]
    kept_names = {offer.model for offer in kept}
    if not before:
        return listed, UNCHANGED
    lately = [offer.model for offer in gone if not offer.gone_since]
    change = ListChange(
        new=tuple(offer.model for offer in listed if offer.model not in known),
        vanished=tuple(model for model in lately if model not in kept_names),
        kept=tuple(model for model in lately if model in kept_names),
    )
    return (*listed, *kept), change


def shortened(change: ListChange) -> ListChange:
    """A change with no more names than are kept of it."""
    return ListChange(
        new=change.new[:MOST_NEW_NAMES], vanished=change.vanished[:MOST_NEW_NAMES], kept=change.kept[:MOST_NEW_NAMES]
    )
