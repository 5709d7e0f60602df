"""`/api/admin/prices`: what models cost, in USD per million tokens or per whatever else is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
from litestar import delete, get, post
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.hosted import HOSTED, HostedRates
from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.money import MODAL_RATES, OPERATOR, UNPRICED, Hours, ModalRates, Price, Rates, Tier, UnitRates
from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.own_prices import day_of, names_to_set, own_name, price_to_own, tier_name, without_part
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.bodies import Nano, read
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, takes
from aihub_lite.web.admin.paging import Order, page_json
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.rates import hosted_json, own_terms_json, rates_json, terms_json
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class RatesInput:
    """USD per million tokens, and per image, minute of audio, million characters or search.

    Cached, reasoning and other tokens that have no rate of their own are billed as the kind they are part of; what is
    written to a cache for an hour, at twice the input.
    """

    input: Nano | None = None
    output: Nano | None = None
    cache_read: Nano | None = None
    cache_write: Nano | None = None
    cache_write_1h: Nano | None = None
    reasoning: Nano | None = None
    audio_input: Nano | None = None
    audio_cache_read: Nano | None = None
    audio_output: Nano | None = None
    image_input: Nano | None = None
    image_cache_read: Nano | None = None
    image_output: Nano | None = None
    video_input: Nano | None = None
    video_cache_read: Nano | None = None
    video_output: Nano | None = None
    image: Nano | None = None
    minute: Nano | None = None
    characters: Nano | None = None
    search: Nano | None = None

    def rates(self, field: str = "") -> Rates:
        """Raises InvalidRequest, which names the field after `field`. Tokens are free where a model is priced by
        something else alone."""
        units = self._units()
        if units is None:
            for name in ("input", "output"):
                if getattr(self, name) is None:
                    raise InvalidRequest(f"{field}{name}: is missing")
        return Rates(
            self.input or 0,
            self.output or 0,
            self.cache_read,
            self.cache_write,
            self.reasoning,
            units=units,
            modal=self._modal(),
            cache_write_1h=self.cache_write_1h,
        )

    def _units(self) -> UnitRates | None:
        units = UnitRates(self.image, self.minute, self.characters, self.search)
        if units == UnitRates():
            return None
        return units

    def _modal(self) -> ModalRates | None:
        modal = ModalRates(**{name: getattr(self, name) for name in MODAL_RATES})
        if modal == ModalRates():
            return None
        return modal


@attrs.frozen(kw_only=True)
class TierInput(RatesInput):
    """Rates for prompts of more than `above` tokens."""

    above: int


def tiers_of(tiers: Iterable[TierInput], field: str = "tiers") -> tuple[Tier, ...]:
    """As a price has them; raises InvalidRequest."""
    return ascending(Tier(tier.above, tier.rates(f"{field}.{place}.")) for place, tier in enumerate(tiers))


@attrs.frozen(kw_only=True)
class HoursInput(RatesInput):
    """Rates for requests that begin at some hours of the day, in UTC: `16:30-00:30`."""

    at: str
    weekdays: bool = False
    """Not on Saturdays and Sundays."""
    tiers: tuple[TierInput, ...] = ()

    def hours(self, field: str) -> Hours:
        """Raises InvalidRequest."""
        span = span_of(self.at, f"{field}at", weekdays=self.weekdays)
        return Hours(span, self.rates(field), tiers_of(self.tiers, f"{field}tiers"))


def span_of(text: str, field: str, *, weekdays: bool) -> HourSpan:
    """Hours of the day from text; raises InvalidRequest, which names the field."""
    try:
        return HourSpan.of(text, weekdays=weekdays)
    except ValueError as error:
        raise InvalidRequest(f"{field}: {error}") from None


@attrs.frozen(kw_only=True)
class PriceInput(RatesInput):
    """Body of POST: the price of a model, or with one of `tier`, `above` and `at` a part of it, set beside the rest."""

    model: str
    tier: str = ""
    """Of service, as answers name it (`flex`); empty: the price of the model itself."""
    above: int | None = None
    """The length in tokens that prompts at these rates are longer than; None: the price of the model itself."""
    at: str = ""
    """The hours, in UTC, that requests at these rates begin at (`16:30-00:30`); empty: the price itself."""
    weekdays: bool = False
    """With `at`: not on Saturdays and Sundays."""
    tiers: tuple[TierInput, ...] | None = None
    """All rates for longer prompts; None: those that the operator has set before stay."""
    hours: tuple[HoursInput, ...] | None = None
    """All rates that change with the hour; None: those that the operator has set before stay."""
    web_search: Nano | None = None
    """This and the following: USD per thousand calls of a tool that the provider runs itself, or requests. Where
    `tiers` says all there is of long prompts, these say all there is of such calls."""
    file_search: Nano | None = None
    code_session: Nano | None = None
    request: Nano | None = None
    request_low: Nano | None = None
    request_medium: Nano | None = None

    def hosted(self) -> HostedRates | None:
        """None where it says nothing of what providers run themselves."""
        hosted = HostedRates(**{name: getattr(self, name) for name in HOSTED})
        if hosted == HostedRates():
            return None
        return hosted

    def of_hosted_alone(self) -> bool:
        """Whether it says nothing of all else: then the price that the model has stays."""
        others = ("tiers", "hours", *(field.name for field in attrs.fields(RatesInput)))
        return self.hosted() is not None and all(getattr(self, name) is None for name in others)

    def change_hosted(self, before: HostedRates | None) -> HostedRates | None:
        """What the operator's rates of before become."""
        hosted = self.hosted()
        if self.tiers is not None:
            return hosted
        if hosted is None:
            return before
        return hosted.over(before)

    def check_part(self) -> None:
        """Raise InvalidRequest for more than one part at once."""
        if self.tier and self.above is not None:
            raise InvalidRequest("above: a tier of service costs the same for prompts of any length")
        if self.at and (self.tier or self.above is not None):
            raise InvalidRequest("at: set one part of a price at a time")
        if self.tier or self.above is not None or self.at:
            for name in HOSTED:
                if getattr(self, name) is not None:
                    raise InvalidRequest(f"{name}: costs the same at every tier of service, length and hour")

    def price(self, before: Price | None, today: str) -> Price:
        """What the operator's price `before` becomes; raises InvalidRequest."""
        price = attrs.evolve(before or Price(self.rates(), source=OPERATOR), rates=self.rates(), as_of=today)
        if self.tiers is not None:
            price = attrs.evolve(price, tiers=tiers_of(self.tiers))
        if self.hours is not None:
            hours = (hours.hours(f"hours.{place}.") for place, hours in enumerate(self.hours))
            price = attrs.evolve(price, hours=by_start(hours))
        return price

    def beside(self, price: Price) -> Price:
        """The operator's price with a part of it set; raises InvalidRequest."""
        if self.above is not None:
            others = (tier for tier in price.tiers if tier.above != self.above)
            return attrs.evolve(price, tiers=ascending((*others, Tier(self.above, self.rates()))))
        span = span_of(self.at, "at", weekdays=self.weekdays)
        before = next((hours for hours in price.hours if hours.span.text == span.text), None)
        tiers = () if before is None else before.tiers
        kept = (hours for hours in price.hours if hours is not before)
        return attrs.evolve(price, hours=by_start((*kept, Hours(span, self.rates(), tiers))))


def by_start(hours: Iterable[Hours]) -> tuple[Hours, ...]:
    """Hours as a price has them."""
    return tuple(sorted(hours, key=lambda hours: hours.span.start))


def ascending(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    """Tiers as a price has them."""
    return tuple(sorted(tiers, key=lambda tier: tier.above))


def price_json(model: str, channel: str | None, price: Price) -> Json:
    """What a model costs at a channel; `channel` is null where it is the same at every one."""
    return {"model": model, "channel": channel, **terms_json(price)}


def is_free(channel: Channel) -> bool:
    """Whether nobody is ever billed for what a channel serves, so that it needs no price."""
    return PROVIDERS[channel.provider].free


@attrs.frozen
class PriceRow:
    """What a model costs at a channel; `channel` is None for a price under a name that no model on offer has."""

    model: str
    channel: str | None
    upstream_model: str
    price: Price

    @property
    def place(self) -> tuple[bool, str, str, str]:
        """Prices that nothing has come last."""
        return self.channel is None, self.model, self.channel or "", self.upstream_model


BY_MODEL = Order[PriceRow](place=lambda row: row.place, kind=tuple[bool, str, str, str])


def offered_prices(models: Iterable[Model]) -> Iterator[PriceRow]:
    """The price of each model at each of its channels."""
    for model in models:
        for candidate in model.candidates:
            yield PriceRow(model.id, candidate.channel.name, candidate.upstream_model, candidate.price)


def unused_prices(gateway: Gateway, models: Iterable[Model]) -> Iterator[PriceRow]:
    """The operator's prices under names that none of the models has."""
    names = {name for model in models for name in model.names}
    registry = gateway.registry.models
    for name, price in registry.prices.items():
        if name in names:
            continue
        hosted = registry.hosted_prices.get(name)
        shown = price
        if hosted != price.hosted:
            shown = attrs.evolve(price, hosted=hosted)
        yield PriceRow(name, None, "", shown)


def check_priced(gateway: Gateway, model: str, field: str) -> None:
    """Raise InvalidRequest for a model without a price: all its other answers would go on to be free."""
    resolved = gateway.registry.catalog.plain(model)
    if resolved is None and model not in gateway.registry.models.prices:
        raise InvalidRequest(f"{field}: set the price of the model itself first")
    if resolved and all(candidate.price == UNPRICED for candidate in resolved[0].candidates):
        raise InvalidRequest(f"{field}: set the price of the model itself first")


def lost_by(gateway: Gateway, request: PriceInput, name: str) -> list[str]:
    """What a price, kept under a name, leaves out that the model's price had until now, as warnings."""
    resolved = gateway.registry.catalog.plain(request.model)
    if resolved is None or name in gateway.registry.models.prices:
        return []
    prices = [candidate.price.on(gateway.clock.wall()) for candidate in resolved[0].candidates]
    lost = []
    if request.tiers is None:
        lengths = {tier.above for price in prices for tier in price.tiers}
        lost += [f"prompts of more than {above} tokens" for above in sorted(lengths)]
    if request.hours is None:
        spans = {hours.span.text for price in prices for hours in price.hours}
        lost += [f"requests at {text} UTC" for text in sorted(spans)]
    return [f"{what} had other rates, and cost the same now" for what in lost]


@get("/")
async def list_prices(gateway: TheGateway, asked: TheAsked, model: FromQuery[str | None] = None) -> Json:
    """List prices, a page at a time, of all models at all channels; the operator's for models nobody offers come last.

    Or of one model, by any of its names. `q` is of a model's id or a channel's name.
    """
    found = all_prices(gateway)
    if model:
        found = prices_of(gateway, model)
    matching = (row for row in found if asked.wants(row.model, row.channel or ""))
    now = gateway.clock.wall()
    rows = ((row, price_json(row.model, row.channel, row.price.on(now))) for row in BY_MODEL.beyond(matching, asked))
    return page_json("prices", BY_MODEL, rows, asked.limit)


def all_prices(gateway: Gateway) -> Iterable[PriceRow]:
    """What every model on offer costs, and what nobody offers."""
    models = gateway.registry.catalog.models.values()
    yield from offered_prices(models)
    yield from unused_prices(gateway, models)


def prices_of(gateway: Gateway, name: str) -> list[PriceRow]:
    """The prices of one model, by any of its names; raises NotFound for one that is neither offered nor priced."""
    models = []
    if resolved := gateway.registry.catalog.plain(name):
        models.append(resolved[0])
    unused = [row for row in unused_prices(gateway, models) if row.model == name]
    if not models and not unused:
        raise NotFound(f"There is no model {name[:64]!r}.")
    return [*offered_prices(models), *unused]


@post("/", status_code=200, opt=takes(PriceInput))
async def set_price(gateway: TheGateway, content: TheBody) -> Json:
    """Set the price of a model at all its channels, or that of one of its tiers, from the next request on.

    Rates of hosted tools alone are set beside whatever price the model has.
    """
    request = read(content, PriceInput)
    request.check_part()
    models, now = gateway.registry.models, gateway.clock.wall()
    if request.tier:
        check_priced(gateway, request.model, "tier")
        name = tier_name(gateway.registry, request.model)
        await models.set_tier_price(name, request.tier, request.rates())
        return {"model": name, "tier": request.tier, **rates_json(request.rates())}
    if request.above is not None or request.at:
        name = own_name(gateway.registry, request.model)

        def with_part(own: Price | None) -> Price:
            price = own or price_to_own(gateway.registry, request.model, "", now)
            return attrs.evolve(request.beside(price), as_of=day_of(now))

        return price_json(name, None, await models.change_price(name, with_part))
    hosted = request.hosted()
    if hosted is not None and request.of_hosted_alone():
        check_priced(gateway, request.model, "model")
        name = own_name(gateway.registry, request.model, hosted=True)
        return {"model": name, **hosted_json(await models.set_hosted_price(name, hosted))}
    name, tools = names_to_set(gateway.registry, request.model)
    warnings = lost_by(gateway, request, name)
    price = await models.change_price(name, lambda own: request.price(own, day_of(now)), request.change_hosted, tools)
    return {**price_json(name, None, price), "warnings": warnings}


@post("/adopt/{model:path}", status_code=200)
async def adopt_price(gateway: TheGateway, model: FromPath[str], channel: FromQuery[str] = "") -> Json:
    """Adopt a price that was looked up or guessed as the operator's own, whole: it stays, whatever the table says."""
    registry, now = gateway.registry, gateway.clock.wall()
    name = own_name(registry, model.removeprefix("/"))
    if registry.catalog.plain(name) is None and name not in registry.models.prices:
        raise NotFound(f"There is no model {name[:64]!r}.")

    def hosted_too(own: HostedRates | None) -> HostedRates | None:
        if name in registry.models.prices:
            return own
        return price_to_own(registry, name, channel, now).hosted

    price = await registry.models.change_price(
        name, lambda own: own or price_to_own(registry, name, channel, now), hosted_too
    )
    return price_json(name, None, price)


@delete("/{model:path}", status_code=200)
async def delete_price(
    gateway: TheGateway,
    model: FromPath[str],
    tier: FromQuery[str] = "",
    above: FromQuery[int | None] = None,
    at: FromQuery[str] = "",
) -> Json:
    """Remove the operator's price, of which `was` is what `/undelete/prices` takes to put it back, or a part of it: of
    a tier of service, of longer prompts, or of hours of the day."""
    model = model.removeprefix("/")
    parts = {name: value for name, value in (("tier", tier), ("above", above), ("at", at)) if value not in ("", None)}
    if len(parts) > 1:
        raise InvalidRequest(f"{next(reversed(parts))}: remove one part of a price at a time")
    if tier:
        name = tier_name(gateway.registry, model)
        await gateway.registry.models.delete_tier_price(name, tier)
        return {"model": name, "tier": tier, "deleted": True}
    if parts:
        name = own_name(gateway.registry, model)
        await gateway.registry.models.change_price(name, lambda own: without_part(own, above, at))
        return {"model": name, **parts, "deleted": True}
    name = model if gateway.registry.models.is_own(model) else own_name(gateway.registry, model)
    hidden = gateway.registry.models.is_route(name)
    terms = await gateway.registry.models.delete_price(name)
    return {"model": name, "deleted": True, "was": {"model": name, "hidden": hidden, **own_terms_json(terms)}}


prices_router = PathRouter("/prices", route_handlers=[list_prices, set_price, adopt_price, delete_price])
