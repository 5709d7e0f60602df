"""Channels of an import, and what it says of models: prices, aliases, routes."""

from __future__ import annotations

from functools import partial

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import OPERATOR, Price, exact_dollars, usd
from aihub_lite.domain.validation import (
    check_hosted,
    check_model,
    check_price,
    checked_channel,
    checked_route,
)
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.moving.names import Names, clean
from aihub_lite.gateway.moving.planning import Planning, Said, renamed
from aihub_lite.gateway.state.identity import new_id
from aihub_lite.gateway.state.own_prices import day_of
from aihub_lite.moving.move import MovedAlias, MovedChannel, MovedPrice, MovedRoute
from aihub_lite.upstream.providers import PROVIDERS

THOUSAND = 1000
"""Requests that a fee for each is kept for."""
OFFERED = "is the id of a model that a channel offers, and an exact id always wins"


def plan_offers(plan: Planning) -> None:
    """Channels first: what they offer decides whether an alias can be."""
    _Offers(plan).plan_all()


@attrs.define(eq=False)
class _Offers:
    plan: Planning

    def plan_all(self) -> None:
        """Each row by itself."""
        move = self.plan.move
        names = Names.of(channel.name for channel in self.plan.gateway.registry.channels.all)
        for channel in move.channels:
            self.plan.add("channel", channel.channel.name, channel.sources, partial(self.channel, channel, names))
        for price in move.prices:
            self.plan.add("price", price.model, (price.model,), partial(self.price, price))
        for alias in move.aliases:
            self.plan.add("alias", alias.alias, (alias.alias,), partial(self.alias, alias))
        for route in move.routes:
            self.plan.add("route", route.route.name, (route.route.name,), partial(self.route, route))

    def channel(self, moved: MovedChannel, names: Names) -> Said:
        """A channel with all its keys."""
        provider = PROVIDERS.get(moved.channel.provider)
        if provider is None:
            raise InvalidRequest(f"there is no provider {moved.channel.provider[:64]!r} here")
        name = names.take(clean(moved.channel.name, f"channel-{moved.sources[0]}"))
        channel = attrs.evolve(
            moved.channel,
            id=new_id("chn_"),
            name=name,
            base_url=provider.base_url_of(moved.channel.base_url) or provider.address(self.plan.gateway.environ),
            created_at=moved.channel.created_at or self.plan.now,
        )
        channel = checked_channel(channel)
        self.plan.arrivals.channels.append(channel)
        return channel.id, _channel_text(channel), [*renamed(moved.channel.name, name), *moved.notes]

    def price(self, moved: MovedPrice) -> Said:
        """The operator's own price, unless there is one here."""
        registry = self.plan.gateway.registry
        if registry.models.is_own(moved.model):
            raise InvalidRequest("the model has a price of your own here, which stays")
        if moved.model in registry.routes.all:
            raise InvalidRequest("is a route here: prices are of the models in it")
        check_model(moved.model, "model")
        price = Price(moved.rates, OPERATOR, as_of=day_of(self.plan.now))
        hosted = None
        if moved.per_request_nano:
            hosted = HostedRates(request=moved.per_request_nano * THOUSAND)
        check_price(price)
        check_hosted(hosted)
        self.plan.arrivals.prices[moved.model] = (price, hosted)
        return moved.model, _price_text(moved), moved.notes

    def alias(self, moved: MovedAlias) -> Said:
        """Another name, where it is none of anything else."""
        check_model(moved.alias, "alias")
        check_model(moved.model, "model")
        self.check_free(moved.alias)
        if moved.model == moved.alias:
            raise InvalidRequest("leads to itself")
        self.plan.arrivals.aliases[moved.alias] = moved.model
        return moved.alias, f"alias of {moved.model}", moved.notes

    def route(self, moved: MovedRoute) -> Said:
        """A named route over models."""
        route = checked_route(moved.route)
        self.check_free(route.name, in_front=any(step.model == route.name for step in route.steps))
        routes = {*self.plan.gateway.registry.routes.all, *(each.route.name for each in self.plan.move.routes)}
        for step in route.steps:
            if step.model in routes and not self.is_offered(step.model):
                raise InvalidRequest(f"{step.model!r} is a route: only models can be tried")
        self.plan.arrivals.routes.append(route)
        return route.name, f"route over {', '.join(step.model for step in route.steps)}", moved.notes

    def is_offered(self, name: str) -> bool:
        """Whether a channel offers a model by that name."""
        channels = [*self.plan.gateway.registry.channels.all, *self.plan.arrivals.channels]
        return any(offer.model == name for channel in channels for offer in channel.offers)

    def check_free(self, name: str, *, in_front: bool = False) -> None:
        """Raises InvalidRequest for a name that is something here; a route may stand `in_front` of its own model."""
        registry, arrivals = self.plan.gateway.registry, self.plan.arrivals
        if not in_front and self.is_offered(name):
            raise InvalidRequest(OFFERED)
        if name in {*registry.models.aliases, *arrivals.aliases, *registry.routes.all}:
            raise InvalidRequest("is an alias or a route here already, which stays")
        if name in {route.name for route in arrivals.routes}:
            raise InvalidRequest("is a route that arrives with it")


def _channel_text(channel: Channel) -> str:
    out = sum(bool(key.disabled) for key in channel.keys)
    keys = f"{len(channel.keys)} keys"
    if len(channel.keys) == 1:
        keys = "1 key"
    if out:
        keys += f" ({out} out of use)"
    models = f"{len(channel.offers) + len(channel.patterns)} models"
    if models == "1 models":
        models = "1 model"
    text = f"channel {channel.name}: {channel.provider}, {keys}, {models}, group {channel.group}"
    if not channel.enabled:
        text += ", disabled"
    return text


def _price_text(moved: MovedPrice) -> str:
    if moved.per_request_nano:
        return f"{exact_dollars(usd(moved.per_request_nano))} a request"
    rates = moved.rates
    text = f"{exact_dollars(usd(rates.input))} in, {exact_dollars(usd(rates.output))} out"
    if rates.cache_read is not None:
        text += f", {exact_dollars(usd(rates.cache_read))} read from a cache"
    if rates.cache_write is not None:
        text += f", {exact_dollars(usd(rates.cache_write))} written to one"
    return f"{text} per million tokens"
