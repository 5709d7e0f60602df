"""What an operator decides about models: their aliases, prices and strategies, and the routes that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.channel import ModelFacts
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import OPERATOR, Price, Rates
from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy
from aihub_lite.domain.validation import (
    check_hosted,
    check_model,
    check_price,
    check_tier,
    checked_facts,
    checked_route,
)
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.state.changes import Changes, serialized
from aihub_lite.gateway.state.live_catalog import LiveCatalog
from aihub_lite.storage.aliases import Aliases
from aihub_lite.storage.model_facts import OwnFacts
from aihub_lite.storage.named_routes import NamedRoutes
from aihub_lite.storage.prices import Prices
from aihub_lite.storage.strategies import Strategies

ChangeHosted = Callable[[HostedRates | None], HostedRates | None]
"""What the operator's rates for hosted tools become."""


def as_it_is(hosted: HostedRates | None) -> HostedRates | None:
    """No change."""
    return hosted


@attrs.define(eq=False)
class ModelRegistry:
    """By the names of models, whether or not a channel offers them; every change is published with the catalog."""

    stored_aliases: Aliases
    stored_prices: Prices
    stored_strategies: Strategies
    changes: Changes = attrs.field(repr=False)
    live_catalog: LiveCatalog

    async def load(self) -> None:
        """Read everything from storage, once, before the first request; the catalog is published by the caller."""
        self.live_catalog.aliases = await self.stored_aliases.load()
        self.live_catalog.prices = await self.stored_prices.load()
        self.live_catalog.tier_prices = await self.stored_prices.load_tiers()
        self.live_catalog.hosted_prices = await self.stored_prices.load_hosted()
        self.live_catalog.strategies = await self.stored_strategies.load()

    @property
    def aliases(self) -> Mapping[str, str]:
        """The operator's, each with its target."""
        return self.live_catalog.aliases

    @property
    def prices(self) -> Mapping[str, Price]:
        """The operator's, by public model id."""
        return self.live_catalog.prices

    @property
    def tier_prices(self) -> Mapping[str, Mapping[str, Rates]]:
        """The operator's for tiers of service, by public model id and tier."""
        return self.live_catalog.tier_prices

    @property
    def hosted_prices(self) -> Mapping[str, HostedRates]:
        """The operator's for tools that providers run, by public model id."""
        return self.live_catalog.hosted_prices

    def is_own(self, name: str) -> bool:
        """Whether the operator has set any rate under a name."""
        return name in self.prices or name in self.hosted_prices

    @property
    def strategies(self) -> Mapping[str, Strategy]:
        """By public model id; under `EVERY_MODEL`, that of all the others."""
        return self.live_catalog.strategies

    @serialized
    async def set_alias(self, alias: str, target: str) -> None:
        """Another public name of a model, which may come later; raises InvalidRequest for a loop."""
        check_model(alias, "alias")
        check_model(target, "model")
        if self._loops(alias, target):
            raise InvalidRequest(f"model: {target!r} leads back to {alias!r}")
        if alias in self.live_catalog.now.by_name:
            raise Conflict(f"{alias!r} is the id of a model that a channel offers, and an exact id always wins.")
        if alias in self.live_catalog.routes:
            raise Conflict(f"{alias!r} is a route.")
        await self.stored_aliases.put(alias, target)
        self.live_catalog.aliases[alias] = target
        self.live_catalog.publish()

    @serialized
    async def delete_alias(self, alias: str) -> None:
        """Remove an operator's alias; a built-in one of the same name applies again."""
        if alias not in self.aliases:
            raise NotFound(f"There is no alias {alias[:64]!r}.")
        await self.stored_aliases.delete(alias)
        del self.live_catalog.aliases[alias]
        self.live_catalog.publish()

    async def set_price(self, model: str, price: Price) -> None:
        """The operator's price of a model at every channel; requests that run keep theirs."""
        await self.change_price(model, lambda _: price)

    @serialized
    async def change_price(
        self,
        model: str,
        change: Callable[[Price | None], Price],
        change_hosted: ChangeHosted = as_it_is,
        hosted_model: str = "",
    ) -> Price:
        """The same for a price that is made of the operator's own of before, None where there is none.

        His rates for hosted tools are kept beside it: they may be there alone, and under another name of the model.
        """
        check_model(model, "model")
        self._check_no_route(model)
        hosted_model = hosted_model or model
        price = attrs.evolve(change(self.prices.get(model)), hosted=None)
        hosted = change_hosted(self.hosted_prices.get(hosted_model))
        check_price(price)
        check_hosted(hosted)
        await self.stored_prices.put(model, price, hosted, hosted_model)
        self.live_catalog.prices[model] = price
        self._keep_hosted(hosted_model, hosted)
        self.live_catalog.publish()
        return attrs.evolve(price, hosted=hosted)

    @serialized
    async def set_hosted_price(self, model: str, hosted: HostedRates) -> HostedRates:
        """More of the operator's rates for hosted tools, beside whatever price the model has; all there are now."""
        check_model(model, "model")
        self._check_no_route(model)
        check_hosted(hosted)
        rates = hosted.over(self.hosted_prices.get(model))
        await self.stored_prices.put_hosted(model, rates)
        self._keep_hosted(model, rates)
        self.live_catalog.publish()
        return rates

    def _keep_hosted(self, model: str, hosted: HostedRates | None) -> None:
        if hosted is None:
            self.live_catalog.hosted_prices.pop(model, None)
        else:
            self.live_catalog.hosted_prices[model] = hosted

    @serialized
    async def delete_price(self, model: str) -> None:
        """Back to the default price, that of hosted tools too."""
        if model not in self.prices and model not in self.hosted_prices:
            raise NotFound(f"There is no price for {model[:64]!r}.")
        await self.stored_prices.delete(model)
        self.live_catalog.prices.pop(model, None)
        self._keep_hosted(model, None)
        self.live_catalog.publish()

    @serialized
    async def set_tier_price(self, model: str, tier: str, rates: Rates) -> None:
        """The operator's rates of a model for a tier of service, beside whatever price it has."""
        check_model(model, "model")
        self._check_no_route(model)
        check_tier(tier)
        check_price(Price(rates, OPERATOR))
        await self.stored_prices.put_tier(model, tier, rates)
        self.live_catalog.tier_prices.setdefault(model, {})[tier] = rates
        self.live_catalog.publish()

    @serialized
    async def delete_tier_price(self, model: str, tier: str) -> None:
        """The tier costs what the model does."""
        if tier not in self.tier_prices.get(model, {}):
            raise NotFound(f"There is no price for {model[:64]!r} at tier {tier[:64]!r}.")
        await self.stored_prices.delete_tier(model, tier)
        tiers = self.live_catalog.tier_prices
        del tiers[model][tier]
        if not tiers[model]:
            del tiers[model]
        self.live_catalog.publish()

    @serialized
    async def set_strategy(self, model: str, strategy: Strategy) -> str:
        """How a model's channels are ordered, or those of all (`EVERY_MODEL`); the id it counts for from now on."""
        if model != EVERY_MODEL:
            check_model(model, "model")
        model = self._public_id(model)
        self._check_no_route(model)
        await self.stored_strategies.put(model, strategy)
        self.live_catalog.strategies[model] = strategy
        self.live_catalog.publish()
        return model

    @serialized
    async def delete_strategy(self, model: str) -> str:
        """Back to the strategy of all models, and that one to the default; the id that it counted for."""
        if model not in self.strategies:
            model = self._public_id(model)
        if model not in self.strategies:
            raise NotFound(f"There is no strategy for {model[:64]!r}." if model else "There is no strategy for all.")
        await self.stored_strategies.delete(model)
        del self.live_catalog.strategies[model]
        self.live_catalog.publish()
        return model

    def _check_no_route(self, name: str) -> None:
        if name in self.live_catalog.now.routes and name not in self.live_catalog.now.by_name:
            raise InvalidRequest(f"model: {name!r} is a route: prices and strategies are of the models in it")

    def _loops(self, alias: str, target: str) -> bool:
        """Whether the target leads back to the alias, over the operator's other aliases where need be."""
        proposed = {**self.aliases, alias: target}
        trail = [target]
        for name in trail:  # which grows meanwhile
            if alias in (name, canonical(name)):
                return True
            after = proposed.get(name) or proposed.get(canonical(name))
            if after is not None and after not in trail:
                trail.append(after)
        return False

    def _public_id(self, name: str) -> str:
        resolved = self.live_catalog.now.plain(name)
        if resolved is None:
            return canonical(name)
        model, _ = resolved
        return model.id


@attrs.define(eq=False)
class RouteRegistry:
    """The operator's named routes, by name; every change is published with the catalog."""

    stored: NamedRoutes
    changes: Changes = attrs.field(repr=False)
    live_catalog: LiveCatalog

    async def load(self) -> None:
        """Read all from storage, once, before the first request; the catalog is published by the caller."""
        self.live_catalog.routes = await self.stored.load()

    @property
    def all(self) -> Mapping[str, NamedRoute]:
        """By name."""
        return self.live_catalog.routes

    def get(self, name: str) -> NamedRoute:
        """The route of that name; raises NotFound."""
        route = self.all.get(name)
        if route is None:
            raise NotFound(f"There is no route {name[:64]!r}.")
        return route

    @serialized
    async def create(self, route: NamedRoute) -> NamedRoute:
        """Add a route; raises InvalidRequest, and Conflict for a name that is taken."""
        if route.name in self.all:
            raise Conflict(f"There is a route {route.name!r} already.")
        if route.name in self.live_catalog.now.by_name and not any(step.model == route.name for step in route.steps):
            raise Conflict(f"{route.name!r} is the id of a model: only a route that tries it too may stand in front.")
        if route.name in self.live_catalog.aliases:
            raise Conflict(f"{route.name!r} is an alias.")
        return await self._put(route)

    @serialized
    async def change(self, route: NamedRoute) -> NamedRoute:
        """Put a route in place of the one of its name; raises InvalidRequest and NotFound."""
        self.get(route.name)
        return await self._put(route)

    @serialized
    async def delete(self, name: str) -> None:
        """Remove a route; requests on their way go on by it. Raises NotFound."""
        self.get(name)
        await self.stored.delete(name)
        del self.live_catalog.routes[name]
        self.live_catalog.publish()

    def is_no_model(self, name: str, route: str) -> bool:
        """Whether a name is that of a route alone, this one or another; with a model of that name, that is meant."""
        return (name in self.all or name == route) and name not in self.live_catalog.offered.by_name

    async def _put(self, route: NamedRoute) -> NamedRoute:
        route = checked_route(route)
        for number, step in enumerate(route.steps):
            if self.is_no_model(step.model, route.name):
                raise InvalidRequest(f"steps.{number}.model: {step.model!r} is a route: only models can be tried")
        await self.stored.put(route)
        self.live_catalog.routes[route.name] = route
        self.live_catalog.publish()
        return route


@attrs.define(eq=False)
class FactRegistry:
    """What the operator says of models beside their price, which counts before what anybody else says."""

    stored: OwnFacts
    changes: Changes = attrs.field(repr=False)
    live_catalog: LiveCatalog

    async def load(self) -> None:
        """Read all from storage, once, before the first request; the catalog is published by the caller."""
        self.live_catalog.own_facts = await self.stored.load()

    @property
    def all(self) -> Mapping[str, ModelFacts]:
        """By public model id."""
        return self.live_catalog.own_facts

    @serialized
    async def put(self, model: str, facts: ModelFacts) -> None:
        """In place of what was said of a model by its public id; raises InvalidRequest."""
        check_model(model, "model")
        checked_facts(facts)
        await self.stored.put(model, facts)
        self.live_catalog.own_facts[model] = facts
        self.live_catalog.publish()

    @serialized
    async def delete(self, model: str) -> None:
        """Say nothing of a model any more; raises NotFound."""
        if model not in self.all:
            raise NotFound(f"Nothing was said of {model[:64]!r}.")
        await self.stored.delete(model)
        del self.live_catalog.own_facts[model]
        self.live_catalog.publish()
