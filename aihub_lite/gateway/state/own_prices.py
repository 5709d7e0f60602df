"""A looked-up price that becomes the operator's own, whole, and the parts that are taken off one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import attrs

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.money import OPERATOR, UNPRICED, Price
from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.gateway.state.registry import Registry


def day_of(now: float) -> str:
    """The day of Unix time `now`, UTC, as prices note it: `2027-01-31`."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def own_name(registry: Registry, name: str, *, hosted: bool = False) -> str:
    """The name under which the operator's price of a model is kept, or would be; by any name of the model. `hosted`:
    that of his rates for hosted tools, which may be another."""
    resolved = registry.catalog.plain(name)
    if resolved is None:
        return name
    model, _ = resolved
    kept: list[Mapping[str, object]] = [registry.models.prices, registry.models.hosted_prices]
    if hosted:
        kept.reverse()
    return next((each for rates in kept for each in names_of(model) if each in rates), model.id)


def names_of(model: Model) -> list[str]:
    """As the catalog looks for what is kept under them. An alias is none: nothing is billed by it."""
    return sorted(model.names)


def names_to_set(registry: Registry, name: str) -> tuple[str, str]:
    """The name under which a whole price is set, and that of the rates for hosted tools in it: where those of before
    are, else as the operator says it, be it by an alias for the model that this leads to."""
    price, hosted = own_name(registry, name), own_name(registry, name, hosted=True)
    resolved = registry.catalog.plain(name)
    if price not in registry.models.prices and resolved is not None and name in resolved[0].names:
        price = name
    if hosted not in registry.models.hosted_prices:
        hosted = price
    return price, hosted


def tier_name(registry: Registry, name: str) -> str:
    """The same for rates of tiers of service."""
    resolved = registry.catalog.plain(name)
    if resolved is None:
        return name
    model, _ = resolved
    return next((each for each in names_of(model) if each in registry.models.tier_prices), model.id)


def price_to_own(registry: Registry, name: str, channel: str, now: float) -> Price:
    """The price of a model, or of a model at one channel, as the operator's own, with all that changes a bill today.

    Raises NotFound for a model that is not offered (there), and InvalidRequest for one that has no price, or different
    ones at its channels.
    """
    resolved = registry.catalog.plain(name)
    if resolved is None:
        raise NotFound(f"There is no model {name[:64]!r}.")
    model, _ = resolved
    offering = [each for each in model.candidates if channel in ("", each.channel.id, each.channel.name)]
    if not offering:
        raise NotFound(f"Channel {channel[:64]!r} offers no model {name[:64]!r}.")
    channels: dict[Price, str] = {}
    for each in offering:
        if each.price != UNPRICED:
            channels.setdefault(owned(each.price, now), each.channel.name)
    if not channels:
        raise InvalidRequest("model: has no price: set that of the model itself first")
    if len(channels) > 1:
        raise InvalidRequest(f"channel: prices differ, say whose: {', '.join(channels.values())}")
    return next(iter(channels))


def owned(price: Price, now: float) -> Price:
    """A price as it is on the day of Unix time `now`, as the operator's; rates of tiers of service are so anyhow."""
    return attrs.evolve(price.on(now), source=OPERATOR, as_of=day_of(now), services=(), guessed=False, later=())


def without_part(price: Price | None, above: int | None, at: str) -> Price:
    """The operator's price without the rates for longer prompts, or for hours of the day; raises NotFound."""
    if price is None:
        raise NotFound("There is no price of your own.")
    tiers = tuple(tier for tier in price.tiers if tier.above != above)
    hours = tuple(hours for hours in price.hours if hours.span.text != at)
    if (tiers, hours) == (price.tiers, price.hours):
        raise NotFound("Your price has no such part.")
    return attrs.evolve(price, tiers=tiers, hours=hours)
