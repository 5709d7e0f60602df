"""What clients may ask for: models, their other names, and which channels offer them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from aihub_lite.domain.builtin_aliases import canonical, undated
from aihub_lite.domain.channel import Channel, ModelFacts, Offer
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import OPERATOR, UNPRICED, Price, Rates, TierRates
from aihub_lite.domain.patterns import MAX_NAME, ChannelPatterns
from aihub_lite.domain.route import NamedRoute, RouteStep
from aihub_lite.domain.strategy import DEFAULT, Strategy, strategy_of
from aihub_lite.domain.token import EVERY_GROUP
from aihub_lite.domain.usage import Usage

if TYPE_CHECKING:
    from aihub_lite.domain.token import Token


def asked_name(asked: str, model: Model) -> str:
    """What a client asked for, where that is none of the model's own names: a route, or an alias. Empty else."""
    if model.route is None and (asked in model.names or canonical(asked) in model.names):
        return ""
    return canonical(asked)


@attrs.frozen
class TableEntry:
    """What the price table knows of an upstream's model; None where it knows nothing."""

    price: Price | None = None
    context_window: int | None = None
    """Tokens of prompt and completion together."""
    name: str = ""
    """As people write it."""


@attrs.frozen
class Candidate:
    """A channel that serves a model, with the model's id and price there."""

    channel: Channel
    upstream_model: str
    price: Price
    description: bytes = b""
    """What the upstream says its model takes, as JSON; empty where it says nothing."""
    facts: ModelFacts | None = None
    """What the upstream's own list says of it."""
    at_channel: Mapping[str, Price] = attrs.field(factory=dict, eq=False, repr=False)
    """Prices of all models that its channel offers, by upstream model without its date."""
    own: ModelFacts | None = None
    """What the operator says of it."""

    def price_of(self, model: str) -> Price:
        """What another model at the same upstream costs; the same as this one where that is not known."""
        return self.at_channel.get(undated(model), self.price)

    def stated_cost(self, usage: Usage) -> int | None:
        """Nano-USD to bill as the upstream itself says; None: at the price."""
        if usage.upstream_cost_nano is None or self.channel.cost == "table":
            return None
        if self.channel.cost == "auto" and (self.price.source == OPERATOR or self.price.served_at(usage.tier)):
            return None
        return usage.upstream_cost_nano


@attrs.frozen
class Model:
    """One public model: every id it is offered by, and its candidates in no order yet."""

    id: str
    names: frozenset[str]
    candidates: tuple[Candidate, ...]
    strategy: Strategy = DEFAULT
    route: NamedRoute | None = None
    """Set where this is no model of a channel's, but a named route: its candidates are those of all its steps."""
    steps: tuple[ModelStep, ...] = ()
    """Of a named route."""
    in_front: bool = False
    """Of a named route that stands in front of the model whose name it has: nobody has it who may not have that."""
    overridden: bool = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: any(candidate.channel.overrides is not None for candidate in self.candidates), takes_self=True
        ),
    )
    """Whether the channel of any candidate changes what it is sent."""

    def for_group(self, group: str) -> tuple[Candidate, ...]:
        """The candidates whose channels serve this group, or any."""
        if group == EVERY_GROUP:
            return self.candidates
        return tuple(candidate for candidate in self.candidates if candidate.channel.group == group)

    def over(self, candidates: tuple[Candidate, ...]) -> Model:
        """The same with other candidates."""
        return attrs.evolve(self, candidates=candidates)


@attrs.frozen
class ModelStep:
    """One step of a named route, and the model that it leads to now: None where no channel offers it."""

    step: RouteStep
    model: Model | None


Place = tuple[Channel, Offer]
Resolved = tuple[Model, frozenset[str]]
NO_ROUTES: Mapping[str, Model] = MappingProxyType({})
EVERY_NAME = "*"
"""The alias of whatever else nobody offers."""
MOST_MADE = 1024
"""Names whose models, or that there is none, are remembered."""


@attrs.frozen
class Catalog:
    """All models at one moment; replaced whole when anything changes, so a request sees one state."""

    models: Mapping[str, Model]
    by_name: Mapping[str, Model]
    aliases: Mapping[str, Model]
    """The model that each alias leads to now; an alias that leads to none is absent."""
    routes: Mapping[str, Model] = MappingProxyType({})
    """The operator's named routes; one whose name a channel offers as a model is hidden by that."""
    patterns: Patterns | None = None
    """What channels offer beside all that is known by name; None where there is no pattern."""
    in_front: Mapping[str, Model] = MappingProxyType({})
    """Routes that stand in front of a model, by all names of that: they have its name, and itself among their steps."""

    def resolve(self, model_id: str) -> Resolved | None:
        """The model of an id as a client wrote it, and the names by which a token may be allowed it.

        The exact id comes first, then routes and aliases, then the id without a known provider prefix, then patterns,
        then the alias `*`. An alias that is allowed by name stays allowed when it leads elsewhere; a prefix that the
        client made up never widens what is allowed.
        """
        if resolved := self._known(model_id, self.in_front):
            return resolved
        if model := self.aliases.get(EVERY_NAME):
            return model, model.names | {EVERY_NAME}
        return None

    def plain(self, name: str) -> Resolved | None:
        """The same for a name that leads somewhere by itself, with models themselves, whatever stands in front."""
        return self._known(name, NO_ROUTES)

    def _known(self, model_id: str, in_front: Mapping[str, Model]) -> Resolved | None:
        for name in (model_id, canonical(model_id)):
            if model := in_front.get(name):
                return model, model.names
            if model := self.by_name.get(name):
                return model, model.names
            if model := self.routes.get(name):
                return model, model.names
            if model := self.aliases.get(name):
                return model, model.names | {name}
        if self.patterns is not None and (model := self.patterns.model(model_id)):
            return model, model.names
        return None

    def model_named(self, name: str) -> Model | None:
        """The model that a name leads to, where that is no route."""
        resolved = self.plain(name)
        if resolved is None or resolved[0].route is not None:
            return None
        return resolved[0]


def build_catalog(
    channels: Iterable[Channel],
    aliases: Mapping[str, Sequence[str]],
    operator_prices: Mapping[str, Price],
    default_prices: Mapping[tuple[str, str], Price],
    strategies: Mapping[str, Strategy] = MappingProxyType({}),
    descriptions: Mapping[str, Mapping[str, bytes]] = MappingProxyType({}),
    tier_prices: Mapping[str, Mapping[str, Rates]] = MappingProxyType({}),
    hosted_prices: Mapping[str, HostedRates] = MappingProxyType({}),
    routes: Mapping[str, NamedRoute] = MappingProxyType({}),
    own_facts: Mapping[str, ModelFacts] = MappingProxyType({}),
) -> Catalog:
    """A catalog of all enabled channels.

    `aliases` by name, each with its targets in order of preference: models or other aliases.
    `operator_prices` and `strategies` by public model id, `default_prices` by (provider, upstream model),
    `descriptions` by channel id and upstream model, `tier_prices` by public model id and tier of service,
    `hosted_prices` (the operator's of what providers run) and `own_facts` by public model id.
    Two channels that offer `gpt-4o` and `openai/gpt-4o` serve one model.
    """
    maker = _Maker(operator_prices, default_prices, strategies, descriptions, tier_prices, hosted_prices, own_facts)
    enabled = [channel for channel in channels if channel.enabled]
    patterns = None
    if any(channel.patterns for channel in enabled):
        patterns = Patterns([ChannelPatterns.of(channel) for channel in enabled if channel.patterns], maker)
    named: dict[str, list[Place]] = {}
    names: defaultdict[str, set[str]] = defaultdict(set)
    for channel in enabled:
        for offer in channel.offers:
            model_id = canonical(offer.model)
            names[model_id].add(offer.model)
            places = named.setdefault(model_id, [])
            if not offer.pattern:
                places.append((channel, offer))
    models: dict[str, Model] = {}
    by_name: dict[str, Model] = {}
    for model_id, places in named.items():
        if patterns is not None:
            groups = {channel.group for channel, _ in places}
            places.extend(patterns.places({model_id, *names[model_id]}, groups))
        models[model_id] = model = maker.model(model_id, names[model_id], places)
        by_name.update(dict.fromkeys(model.names, model))
    leading = _models_of_aliases(aliases, by_name, patterns)
    plain = Catalog(models, by_name, leading, patterns=patterns)
    if not routes:
        return plain
    named_routes = {name: _model_of_route(route, plain) for name, route in routes.items()}
    in_front = {
        name: route
        for route in named_routes.values()
        if route.in_front
        for name in (by_name[route.id].names if route.id in by_name else route.names)
    }
    leading = _models_of_aliases(aliases, {**named_routes, **by_name, **in_front}, patterns)
    return Catalog(models, by_name, leading, named_routes, patterns, in_front)


@attrs.frozen
class _Maker:
    """Makes models of what channels offer, with what is known of them."""

    operator_prices: Mapping[str, Price]
    default_prices: Mapping[tuple[str, str], Price]
    strategies: Mapping[str, Strategy]
    descriptions: Mapping[str, Mapping[str, bytes]]
    tier_prices: Mapping[str, Mapping[str, Rates]]
    hosted_prices: Mapping[str, HostedRates]
    own_facts: Mapping[str, ModelFacts]
    at_channels: defaultdict[str, dict[str, Price]] = attrs.field(factory=lambda: defaultdict(dict))

    def model(self, model_id: str, written: Iterable[str], places: Sequence[Place]) -> Model:
        """The model of an id that is offered at these places, also under the names that were `written`."""
        names = frozenset({model_id, *written})
        price = next((self.operator_prices[name] for name in sorted(names) if name in self.operator_prices), None)
        services = next((self.tier_prices[name] for name in sorted(names) if name in self.tier_prices), {})
        hosted = next((self.hosted_prices[name] for name in sorted(names) if name in self.hosted_prices), None)
        candidates = tuple(
            Candidate(
                channel,
                offer.upstream_model,
                price_at(price, self.default_prices.get((channel.provider, offer.upstream_model)), services, hosted),
                self.descriptions.get(channel.id, {}).get(offer.upstream_model, b""),
                offer.facts,
                self.at_channels[channel.id],
                self.own_facts.get(model_id),
            )
            for channel, offer in places
        )
        for candidate in candidates:
            self.at_channels[candidate.channel.id][undated(candidate.upstream_model)] = candidate.price
        return Model(model_id, names, candidates, strategy_of(model_id, self.strategies))


@attrs.define(eq=False)
class Patterns:
    """Models that nobody has named, made when somebody asks for one."""

    channels: Sequence[ChannelPatterns]
    """Those that are enabled and have any."""
    maker: _Maker
    _made: dict[str, Model | None] = attrs.field(factory=dict)
    """By the id that was asked for, also of what no pattern fits."""

    def model(self, name: str) -> Model | None:
        """The model of a name that a pattern fits, as it was written or without a known provider prefix."""
        if len(name) > MAX_NAME:
            return None
        if name not in self._made:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            self._made[name] = self._model(name)
        return self._made[name]

    def _model(self, name: str) -> Model | None:
        bare = canonical(name)
        for written in dict.fromkeys((name, bare)):
            if places := self.places({written}, ()):
                # An id by which it could not be asked for again would be none.
                model_id = bare if self.places({bare}, ()) else written
                return self.maker.model(model_id, {written}, places)
        return None

    def places(self, names: Iterable[str], without: Collection[str]) -> list[Place]:
        """Where any of a model's names is offered by a pattern: in each group by the most exact of its channels'.

        Groups in `without` have the model by name.
        """
        best: dict[str, int] = {}
        found: list[tuple[int, Place]] = []
        for at_channel in self.channels:
            channel = at_channel.channel
            matches = [match for name in sorted(names) if (match := at_channel.match(name))]
            if channel.group in without or not matches:
                continue
            # What the upstream lists is there; of what is made up, the most exact.
            match = max(matches, key=lambda match: (match.known, match.literal))
            best[channel.group] = max(best.get(channel.group, 0), match.literal)
            found.append((match.literal, (channel, match.offer)))
        return [place for literal, place in found if literal == best[place[0].group]]


def _model_of_route(route: NamedRoute, plain: Catalog) -> Model:
    """A route as clients see it: a model whose candidates are those of all models in it, each once."""
    steps = tuple(ModelStep(step, plain.model_named(step.model)) for step in route.steps)
    models = {step.model.id: step.model for step in steps if step.model is not None}
    candidates = tuple(candidate for model in models.values() for candidate in model.candidates)
    in_front = any(step.model == route.name for step in route.steps)
    return Model(route.name, frozenset({route.name}), candidates, route=route, steps=steps, in_front=in_front)


def price_at(
    own: Price | None, default: Price | None, services: Mapping[str, Rates], hosted: HostedRates | None
) -> Price:
    """The operator's price, else the table's, with the operator's rates for tiers of service and hosted tools.

    For a hosted tool that he says nothing of, the table's counts, whoever set the other rates. A price that is not
    known stays unknown.
    """
    price = own or default or UNPRICED
    if price == UNPRICED:
        return price
    if default is not None and own is not None:
        price = attrs.evolve(price, hosted=default.hosted)
    if hosted is not None:
        price = attrs.evolve(price, hosted=hosted.over(price.hosted))
    if not services:
        return price
    return attrs.evolve(price, services=tuple(TierRates(name, rates) for name, rates in sorted(services.items())))


def _models_of_aliases(
    aliases: Mapping[str, Sequence[str]], by_name: Mapping[str, Model], patterns: Patterns | None
) -> dict[str, Model]:
    """The model that each alias leads to, over other aliases where need be; a loop leads to none.

    A model with that name comes before one that a pattern fits.
    """

    def follow(alias: str) -> Model | None:
        trail = [alias]
        for step in trail:  # it grows while it is walked
            for target in aliases.get(step, ()):
                for name in (target, canonical(target)):
                    if model := by_name.get(name):
                        return model
                    if name not in trail:
                        trail.append(name)
        if patterns is None:
            return None
        return next((model for name in trail[1:] if name not in aliases and (model := patterns.model(name))), None)

    targets = ((alias, follow(alias)) for alias in aliases if alias not in by_name)
    return {alias: model for alias, model in targets if model is not None}


def may_reach(token: Token, model: Model, names: frozenset[str]) -> bool:
    """Whether a token may have a model by a route of these names: who is allowed the route by name is allowed what it
    leads to, as with an alias."""
    return token.may_use(model.names | names)


def may_reach_any(token: Token, model: Model, names: frozenset[str] = frozenset()) -> bool:
    """Whether a token may have any model of a named route, where that alone opens it."""
    if model.in_front:
        return False
    return any(step.model is not None and may_reach(token, step.model, names) for step in model.steps)


def reachable(token: Token, model: Model, names: frozenset[str]) -> Model | None:
    """A model as it is there for a token by one of its names: with the candidates of its group alone, of a named route
    those of the models that it may have; None where there is none."""
    candidates = model.for_group(token.group)
    if model.in_front and not token.may_use(names):
        candidates = ()
    elif model.route is not None:
        models = [step.model for step in model.steps if step.model is not None]
        open_ones = {each.id: each for each in models if may_reach(token, each, names)}
        candidates = tuple(candidate for each in open_ones.values() for candidate in each.for_group(token.group))
    elif not token.may_use(names):
        candidates = ()
    if not candidates:
        return None
    return model.over(candidates)
