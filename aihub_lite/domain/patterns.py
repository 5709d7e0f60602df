"""Patterns of models that a channel offers: `gpt-*` under the same names, `*=vendor/*` under others upstream.

An exact name beats a pattern, and of patterns the one with more literal characters wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import attrs

from aihub_lite.domain.channel import Channel, Offer

STAR = "*"
MAX_NAME = 200


@attrs.frozen
class Match:
    """What a pattern makes of a name."""

    offer: Offer
    literal: int
    """Characters of the pattern that stand for themselves."""
    known: bool = False
    """Whether the upstream itself lists it."""


def literal_of(pattern: str) -> int:
    """Characters that stand for themselves."""
    return len(pattern) - 1


def best_match(patterns: Iterable[Offer], name: str) -> Match | None:
    """The offer of a name by the most exact of the patterns that fit it, if any does."""
    best: Match | None = None
    for pattern in patterns:
        filling = _filling(pattern.model, name)
        if filling is not None and (best is None or literal_of(pattern.model) > best.literal):
            offer = Offer(name, pattern.upstream_model.replace(STAR, filling), pattern=pattern.model)
            best = Match(offer, literal_of(pattern.model))
    return best


@attrs.frozen
class ChannelPatterns:
    """The patterns of one channel, and what its upstream lists of them."""

    channel: Channel
    known: Mapping[str, Offer]
    """By name."""

    @classmethod
    def of(cls, channel: Channel) -> Self:
        """Those of a channel."""
        return cls(channel, {offer.model: offer for offer in channel.offers if offer.pattern})

    def match(self, name: str) -> Match | None:
        """What is offered by a name, whether or not the upstream lists it."""
        if (offer := self.known.get(name)) is not None:
            return Match(offer, literal_of(offer.pattern), known=True)
        if not is_name(name):
            return None
        return best_match(self.channel.patterns, name)


def is_name(name: str) -> bool:
    """Whether a name may be one of a model: what a client makes up goes upstream."""
    return len(name) <= MAX_NAME and name.isascii() and name.isprintable() and " " not in name and STAR not in name


def known_offers(patterns: Sequence[Offer], exact: Iterable[Offer], listed: Iterable[Offer]) -> tuple[Offer, ...]:
    """What of an upstream's own list is offered by patterns, under the names that these give it."""
    taken = {offer.model for offer in exact}
    known: dict[str, Offer] = {}
    for entry in listed:
        for pattern in patterns:
            filling = _filling(pattern.upstream_model, entry.upstream_model)
            if filling is None:
                continue
            name = pattern.model.replace(STAR, filling)
            if name in taken or not is_name(name):
                continue
            match = best_match(patterns, name)
            # Another pattern may send this name elsewhere.
            if match is not None and match.offer.upstream_model == entry.upstream_model:
                known[name] = attrs.evolve(match.offer, facts=entry.facts)
    return tuple(known.values())


def _filling(pattern: str, name: str) -> str | None:
    """What stands for the star of a pattern in a name that fits it; at least one character."""
    before, _, after = pattern.partition(STAR)
    if len(name) <= len(before) + len(after) or not name.startswith(before) or not name.endswith(after):
        return None
    return name[len(before) : len(name) - len(after)]


def with_listed(channel: Channel, listed: tuple[Offer, ...]) -> Channel:
    """The channel as its upstream's own list makes it: all of it, what its patterns fit, or as it is."""
    if channel.discovered:
        return attrs.evolve(channel, offers=listed)
    if not channel.patterns:
        return channel
    exact = tuple(offer for offer in channel.offers if not offer.pattern)
    return attrs.evolve(channel, offers=(*exact, *known_offers(channel.patterns, exact, listed)))


def offer_at(channel: Channel, name: str) -> Offer | None:
    """What a channel offers by a name of ours or of its upstream's, else by a pattern."""
    for offer in channel.offers:
        if name in (offer.model, offer.upstream_model):
            return offer
    match = ChannelPatterns.of(channel).match(name)
    if match is None:
        return None
    return match.offer
