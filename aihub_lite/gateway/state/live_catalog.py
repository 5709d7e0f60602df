"""The catalog in force and everything that it is built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

import attrs

from aihub_lite.domain.builtin_aliases import BUILTIN_ALIASES
from aihub_lite.domain.catalog import Catalog, build_catalog
from aihub_lite.domain.channel import Channel, ModelFacts
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.strategy import Strategy

PriceKey = tuple[str, str]
"""Provider and upstream model."""


@attrs.define(eq=False, kw_only=True)
class LiveCatalog:
    """What channels and models are at this moment. Whoever changes a part of it publishes it afterwards."""

    channels: dict[str, Channel] = attrs.field(factory=dict)
    """By id, disabled ones too."""
    descriptions: dict[str, Mapping[str, bytes]] = attrs.field(factory=dict)
    """By channel id and upstream model: what the upstream itself says of the model, as JSON."""
    default_prices: dict[PriceKey, Price | None] = attrs.field(factory=dict)
    """None where the price table knows no price."""
    aliases: dict[str, str] = attrs.field(factory=dict)
    """The operator's; the built-in ones are data."""
    prices: dict[str, Price] = attrs.field(factory=dict)
    """The operator's, by public model id."""
    tier_prices: dict[str, dict[str, Rates]] = attrs.field(factory=dict)
    """The operator's for tiers of service, by public model id and tier."""
    hosted_prices: dict[str, HostedRates] = attrs.field(factory=dict)
    """The operator's for what providers run themselves, by public model id."""
    strategies: dict[str, Strategy] = attrs.field(factory=dict)
    """By public model id; under `EVERY_MODEL`, that of all the others."""
    routes: dict[str, NamedRoute] = attrs.field(factory=dict)
    """The operator's, by name."""
    own_facts: dict[str, ModelFacts] = attrs.field(factory=dict)
    """What the operator says of models, by public model id."""
    guesses: bool = True
    """Whether default prices that are guessed count; else their models are unpriced."""
    now: Catalog = attrs.field(factory=lambda: Catalog({}, {}, {}))
    """Replaced whole, never changed: a request that keeps hold of it sees one state."""
    _offered: Catalog | None = None
    """Of all channels; None until somebody asks."""

    def publish(self) -> None:
        """Let every request from now on see what was changed."""
        self.now = self.of(self.channels.values())
        self._offered = None

    @property
    def offered(self) -> Catalog:
        """What is offered if every channel is enabled; made when it is first asked for after a change."""
        if self._offered is None:
            self._offered = self.of(attrs.evolve(channel, enabled=True) for channel in self.channels.values())
        return self._offered

    def of(self, channels: Iterable[Channel]) -> Catalog:
        """A catalog of these channels, with the aliases, prices and strategies of now."""
        return build_catalog(
            channels,
            {**BUILTIN_ALIASES, **{alias: (target,) for alias, target in self.aliases.items()}},
            self.prices,
            {key: price for key, price in self.default_prices.items() if self._counts(price)},
            self.strategies,
            self.descriptions,
            self.tier_prices,
            self.hosted_prices,
            self.routes,
            self.own_facts,
        )

    def _counts(self, price: Price | None) -> TypeGuard[Price]:
        return price is not None and (self.guesses or not price.guessed)
