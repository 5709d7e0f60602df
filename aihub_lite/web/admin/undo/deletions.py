"""`/api/admin/undelete`: aliases, prices and routes that were deleted, exactly as they were.

A body is what the answer to the deletion said as `was`. The gateway itself keeps nothing of what was deleted, so it
need not be the same process. What was made under the same name meanwhile stays, and is a conflict.
"""

from __future__ import annotations

from datetime import date

import attrs
from litestar import post

from aihub_lite.domain.hosted import HOSTED, HostedRates
from aihub_lite.domain.money import OPERATOR, OwnTerms, Price
from aihub_lite.domain.route import NamedRoute
from aihub_lite.errors import InvalidRequest
from aihub_lite.web.admin.aliases import AliasInput, alias_json
from aihub_lite.web.admin.bodies import Nano, read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.admin.prices import HoursInput, RatesInput, TierInput, tiers_of
from aihub_lite.web.admin.routes import RouteInput, reasons_of, route_json, steps_of
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.rates import own_terms_json
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class DeletedAlias(AliasInput):
    """An alias as it was."""

    hidden: bool = False
    """Whether a channel offered a model of its name already, which clients got."""


@attrs.frozen(kw_only=True)
class DeletedRoute(RouteInput):
    """A route as it was."""

    hidden: bool = False
    """Whether a channel offered a model of its name already, which clients got."""


@attrs.frozen(kw_only=True)
class DeletedRates(RatesInput):
    """The operator's rates as they were."""

    tiers: tuple[TierInput, ...] = ()
    hours: tuple[HoursInput, ...] = ()
    as_of: str = ""
    """The day on which they were set (`2027-01-31`); empty where that is not known."""

    def price(self) -> Price:
        """Raises InvalidRequest, which names the field."""
        hours = (hours.hours(f"price.hours.{place}.") for place, hours in enumerate(self.hours))
        return Price(
            self.rates("price."),
            source=OPERATOR,
            tiers=tiers_of(self.tiers, "price.tiers"),
            hours=tuple(hours),
            as_of=day_in(self.as_of),
        )


@attrs.frozen(kw_only=True)
class DeletedHosted:
    """USD per thousand calls of a tool that the provider runs itself, or requests."""

    web_search: Nano | None = None
    file_search: Nano | None = None
    code_session: Nano | None = None
    request: Nano | None = None
    request_low: Nano | None = None
    request_medium: Nano | None = None


@attrs.frozen(kw_only=True)
class DeletedPrice:
    """The operator's price of a model as it was, or his rates for hosted tools, or both."""

    model: str
    price: DeletedRates | None = None
    hosted: DeletedHosted | None = None
    hidden: bool = False
    """Whether a route had its name already."""

    def terms(self) -> OwnTerms:
        """Raises InvalidRequest."""
        if self.price is None and self.hosted is None:
            raise InvalidRequest("price: is missing")
        price = None
        if self.price is not None:
            price = self.price.price()
        hosted = None
        if self.hosted is not None:
            hosted = HostedRates(**{name: getattr(self.hosted, name) for name in HOSTED})
        return OwnTerms(price, hosted)


def day_in(text: str) -> str:
    """A day as prices note it, or nothing; raises InvalidRequest."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidRequest(f"price.as_of: {text[:64]!r} is not a date like 2027-01-31") from None


@post("/aliases", status_code=200, opt=takes(DeletedAlias))
async def undelete_alias(gateway: TheGateway, content: TheBody) -> Json:
    """Put a deleted alias back."""
    request = read(content, DeletedAlias)
    await gateway.registry.models.undelete_alias(request.alias, request.model, hidden=request.hidden)
    return alias_json(gateway, request.alias)


@post("/prices", status_code=200, opt=takes(DeletedPrice))
async def undelete_price(gateway: TheGateway, content: TheBody) -> Json:
    """Put a deleted price of the operator's own back."""
    request = read(content, DeletedPrice)
    terms = request.terms()
    await gateway.registry.models.undelete_price(request.model, terms, hidden=request.hidden)
    return {"model": request.model, **own_terms_json(terms)}


@post("/routes", status_code=200, opt=takes(DeletedRoute))
async def undelete_route(gateway: TheGateway, content: TheBody) -> Json:
    """Put a deleted route back."""
    request = read(content, DeletedRoute)
    route = NamedRoute(
        name=request.name,
        steps=steps_of(request.steps or ()),
        on=reasons_of(request.on, request.patience),
        patience=request.patience,
    )
    return route_json(gateway, await gateway.registry.routes.undelete(route, hidden=request.hidden))


undelete_router = PathRouter("/undelete", route_handlers=[undelete_alias, undelete_price, undelete_route])
