"""What an operator decides about models: their aliases, prices and strategies, and what he says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.channel import ModelFacts
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import OPERATOR, OwnTerms, Price, Rates
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy
from aihub_lite.domain.validation import (
    check_hosted,
    check_model,
    check_price,
    check_tier,
    checked_facts,
)
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.state.changes import Changes, serialized
from aihub_lite.gateway.state.live_catalog import LiveCatalog
from aihub_lite.storage.aliases import Aliases
from aihub_lite.storage.model_facts import OwnFacts
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
        await self._put_alias(alias, target)

    @serialized
    async def delete_alias(self, alias: str) -> str:
        """Remove an operator's alias, and say where it led; a built-in one of the same name applies again."""
        if alias not in self.aliases:
            raise NotFound(f"There is no alias {alias[:64]!r}.")
        await self.stored_aliases.delete(alias)
        target = self.live_catalog.aliases.pop(alias)
        self.live_catalog.publish()
        return target

    @serialized
    async def undelete_alias(self, alias: str, target: str, *, hidden: bool) -> None:
        """Put a deleted alias back; `hidden`: then as now, a channel offered a model of its name.

        Raises Conflict for a name that was taken meanwhile.
        """
        if alias in self.aliases:
            raise Conflict(f"There is an alias {alias!r} already.")
        await self._put_alias(alias, target, hidden=hidden)

    async def _put_alias(self, alias: str, target: str, *, hidden: bool = False) -> None:
        check_model(alias, "alias")
        check_model(target, "model")
        if self._loops(alias, target):
            raise InvalidRequest(f"model: {target!r} leads back to {alias!r}")
        if alias in self.live_catalog.now.by_name and not hidden:
            raise Conflict(f"{alias!r} is the id of a model that a channel offers, and an exact id always wins.")
        if alias in self.live_catalog.routes:
            raise Conflict(f"{alias!r} is a route.")
        await self.stored_aliases.put(alias, target)
        self.live_catalog.aliases[alias] = target
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
    async def delete_price(self, model: str) -> OwnTerms:
        """Back to the default price, that of hosted tools too; what the operator's was."""
        if not self.is_own(model):
            raise NotFound(f"There is no price for {model[:64]!r}.")
        await self.stored_prices.delete(model)
        price = self.live_catalog.prices.pop(model, None)
        hosted = self.live_catalog.hosted_prices.pop(model, None)
        self.live_catalog.publish()
        return OwnTerms(price, hosted)

    @serialized
    async def undelete_price(self, model: str, terms: OwnTerms, *, hidden: bool) -> None:
        """Put a deleted price back; `hidden`: then as now, a route had its name.

        Raises Conflict where the model, by whichever of its names, was given another one meanwhile.
        """
        check_model(model, "model")
        names = self._names_priced_with(model)
        taken: list[str] = []
        if terms.price is not None:
            check_price(terms.price)
            taken += (name for name in names if name in self.prices)
        if terms.hosted is not None:
            check_hosted(terms.hosted)
            taken += (name for name in names if name in self.hosted_prices)
        if taken:
            raise Conflict(f"There is a price for {taken[0]!r} already.")
        if self.is_route(model) and not hidden:
            raise Conflict(f"{model!r} is a route.")
        await self.stored_prices.undelete(model, terms.price, terms.hosted)
        if terms.price is not None:
            self.live_catalog.prices[model] = terms.price
        if terms.hosted is not None:
            self._keep_hosted(model, terms.hosted)
        self.live_catalog.publish()

    def _names_priced_with(self, model: str) -> list[str]:
        """The name itself, and the others that a price of the same model may be kept under."""
        resolved = self.live_catalog.now.plain(model)
        if resolved is None or model not in resolved[0].names:
            return [model]
        return [model, *sorted(resolved[0].names - {model})]

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

    def is_route(self, name: str) -> bool:
        """Whether clients who ask for it get a route: a price of that name bills nothing."""
        return name in self.live_catalog.now.routes and name not in self.live_catalog.now.by_name

    def _check_no_route(self, name: str) -> None:
        if self.is_route(name):
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
