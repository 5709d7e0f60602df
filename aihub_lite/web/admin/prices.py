"""`/api/admin/prices`: USD per million tokens."""

from __future__ import annotations

import attrs
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, RawBody

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES, UNPRICED, ModalRates, Price, Rates, UnitRates
from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.bodies import Nano, read
from aihub_lite.web.admin.views import Json, TheGateway, moment_text, money, optional_money


@attrs.frozen(kw_only=True)
class PriceInput:
    """Body of POST: USD per million tokens; a part that is not given is billed as the kind it is part of.

    So is one for tokens that are no text. And USD per image, per minute of audio, per million characters, per search.
    """

    model: str
    input: Nano | None = None
    output: Nano | None = None
    cache_read: Nano | None = None
    cache_write: Nano | None = None
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

    def rates(self) -> Rates:
        """Raises InvalidRequest. Tokens are free where a model is priced by something else alone."""
        units = UnitRates(self.image, self.minute, self.characters, self.search)
        if units == UnitRates():
            for name in ("input", "output"):
                if getattr(self, name) is None:
                    raise InvalidRequest(f"{name}: is missing")
        modal = ModalRates(**{name: getattr(self, name) for name in MODAL_RATES})
        return Rates(
            self.input or 0,
            self.output or 0,
            self.cache_read,
            self.cache_write,
            self.reasoning,
            units=None if units == UnitRates() else units,
            modal=None if modal == ModalRates() else modal,
        )


def rates_json(rates: Rates) -> Json:
    """USD per million tokens, and per whatever else is counted, as decimal strings."""
    units, modal = rates.units or UnitRates(), rates.modal or ModalRates()
    return {
        "input": money(rates.input),
        "output": money(rates.output),
        "cache_read": optional_money(rates.cache_read),
        "cache_write": optional_money(rates.cache_write),
        "reasoning": optional_money(rates.reasoning),
        **{name: optional_money(getattr(modal, name)) for name in MODAL_RATES},
        **{name: optional_money(getattr(units, name)) for name in UNIT_RATES},
    }


def terms_json(price: Price) -> Json:
    """One price; `source` is `operator`, `unpriced`, or the table it is from. `tiers` replace it for long prompts."""
    return {
        **rates_json(price.rates),
        "tiers": [{"above": tier.above, **rates_json(tier.rates)} for tier in price.tiers],
        "source": price.source,
        "as_of": price.as_of or None,
        "unpriced": price == UNPRICED,
    }


def price_json(model: str, channel: str | None, price: Price) -> Json:
    """What a model costs at a channel; `channel` is null where it is the same at every one."""
    return {"model": model, "channel": channel, **terms_json(price)}


def is_free(channel: Channel) -> bool:
    """Whether nobody is ever billed for what a channel serves, so that it needs no price."""
    return PROVIDERS[channel.provider].local or channel.provider == "demo"


@get("/")
async def list_prices(gateway: TheGateway, model: FromQuery[str | None] = None) -> list[Json]:
    """Of every model at every channel, and the operator's for models that nobody offers; or of one model."""
    registry = gateway.registry
    found = registry.catalog.resolve(model) if model else None
    if model and found is None and model not in registry.prices:
        raise NotFound(f"There is no model {model[:64]!r}.")
    models = (
        [found[0]] if found else [] if model else sorted(registry.catalog.models.values(), key=lambda each: each.id)
    )
    offered = {name for each in models for name in each.names}
    idle = [name for name in sorted(registry.prices) if name not in offered and (not model or name == model)]
    shown = [price_json(each.id, way.channel.name, way.price) for each in models for way in each.candidates]
    return shown + [price_json(name, None, registry.prices[name]) for name in idle]


@post("/", status_code=200)
async def set_price(gateway: TheGateway, body: RawBody) -> Json:
    """The same at every channel of the model, from the next request on."""
    given = read(body, PriceInput)
    price = Price(given.rates(), source="operator", as_of=moment_text(gateway.clock.wall())[:10])
    await gateway.registry.set_price(given.model, price)
    return price_json(given.model, None, price)


@delete("/{model:path}", status_code=200)
async def delete_price(gateway: TheGateway, model: FromPath[str]) -> Json:
    """Back to the default price."""
    model = model.removeprefix("/")
    await gateway.registry.delete_price(model)
    return {"model": model, "deleted": True}


prices_router = Router("/prices", route_handlers=[list_prices, set_price, delete_price])
