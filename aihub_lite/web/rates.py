"""Prices as the admin API and the console show them, in USD."""

from __future__ import annotations

from collections.abc import Iterable

from aihub_lite.domain.hosted import HOSTED, HostedRates
from aihub_lite.domain.hours import InForce
from aihub_lite.domain.money import (
    MODAL_RATES,
    UNIT_RATES,
    UNPRICED,
    Hours,
    Later,
    ModalRates,
    OwnTerms,
    Price,
    Rates,
    Tier,
    UnitRates,
)
from aihub_lite.web.views import Json, moment_text, money, optional_money


def rates_json(rates: Rates) -> Json:
    """USD per million tokens, and per whatever else is counted, as numbers."""
    units = rates.units or UnitRates()
    modal = rates.modal or ModalRates()
    return {
        "input": money(rates.input),
        "output": money(rates.output),
        "cache_read": optional_money(rates.cache_read),
        "cache_write": optional_money(rates.cache_write),
        "cache_write_1h": optional_money(rates.cache_write_1h),
        "reasoning": optional_money(rates.reasoning),
        **{name: optional_money(getattr(modal, name)) for name in MODAL_RATES},
        **{name: optional_money(getattr(units, name)) for name in UNIT_RATES},
    }


def hosted_json(rates: HostedRates | None) -> Json:
    """USD per thousand calls, by the kind of tool that the provider runs; null where it is not known."""
    known = rates or HostedRates()
    return {name: optional_money(getattr(known, name)) for name in HOSTED}


def terms_json(price: Price) -> Json:
    """One price; `source` is `operator`, `unpriced`, or the table it is from. `tiers` replace it for long prompts,
    `services` for answers at a tier of service other than the standard one, `hours` at some hours of the day, in UTC,
    and `later` from a day on."""
    return {
        **rates_json(price.rates),
        **hosted_json(price.hosted),
        "tiers": tiers_json(price.tiers),
        "hours": [hours_json(hours) for hours in price.hours],
        "later": [later_json(later) for later in price.later],
        "services": [{"tier": service.name, **rates_json(service.rates)} for service in price.services],
        "source": price.source,
        "as_of": price.as_of or None,
        "unpriced": price == UNPRICED,
        "guessed": price.guessed,
    }


def own_terms_json(terms: OwnTerms) -> Json:
    """All that an operator has said of one model, and nothing that others did; null for what he has not set."""
    price = None
    if terms.price is not None:
        price = {
            **rates_json(terms.price.rates),
            "tiers": tiers_json(terms.price.tiers),
            "hours": [hours_json(hours) for hours in terms.price.hours],
            "as_of": terms.price.as_of,
        }
    hosted = None
    if terms.hosted is not None:
        hosted = hosted_json(terms.hosted)
    return {"price": price, "hosted": hosted}


def tiers_json(tiers: Iterable[Tier]) -> list[Json]:
    """Rates for longer prompts."""
    return [{"above": tier.above, **rates_json(tier.rates)} for tier in tiers]


def hours_json(hours: Hours) -> Json:
    """Rates for requests that begin at some hours, on weekdays alone or every day."""
    span = hours.span
    return {"at": span.text, "weekdays": span.weekdays, **rates_json(hours.rates), "tiers": tiers_json(hours.tiers)}


def later_json(later: Later) -> Json:
    """Rates from a day on."""
    return {
        "since": moment_text(later.since)[:10],
        **rates_json(later.rates),
        "tiers": tiers_json(later.tiers),
        "hours": [hours_json(hours) for hours in later.hours],
    }


def optional_terms(price: Price | None) -> Json | None:
    """The same for a price that may not be known."""
    if price is None:
        return None
    return terms_json(price)


def in_force_json(in_force: InForce | None) -> Json | None:
    """The hours that rates are for, in UTC, or outside of which they are; `level` is `peak`, `off_peak` or null."""
    if in_force is None:
        return None
    return {
        "level": in_force.level or None,
        "outside": in_force.outside,
        "spans": [{"at": span.text, "weekdays": span.weekdays} for span in in_force.spans],
    }
