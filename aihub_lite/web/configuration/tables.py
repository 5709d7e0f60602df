"""From what a gateway has to the tables of the file: what is as by default is left out, and the order never changes.

A secret that was typed in is no part of it, unless it is sealed; a comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from aihub_lite.domain.alerts.destination import ENV, AlertDestination
from aihub_lite.domain.channel import BY_OPERATOR, Channel, ChannelKey, Clocks
from aihub_lite.domain.hosted import HOSTED
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES, Price, Rates, plain, usd
from aihub_lite.domain.overrides import NONE, Header
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.pots.budget import GATEWAY, PotKey
from aihub_lite.domain.route import DEFAULT_REASONS, NamedRoute
from aihub_lite.domain.strategy import EVERY_MODEL
from aihub_lite.domain.token import Token
from aihub_lite.domain.way_out import MASK, WayOut, shown_proxy
from aihub_lite.gateway.conditions.standing import key_hint
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.ownership import owner_names, team_name
from aihub_lite.web.admin.channel_views import offer_text
from aihub_lite.web.configuration import entries
from aihub_lite.web.limits import limits_json
from aihub_lite.web.overrides import overrides_json

Seal = Callable[[str], str]
"""Makes a secret what only the passphrase opens."""


@attrs.frozen
class NamedTable:
    """One table, and what is to be said of it above it."""

    fields: Mapping[str, Any]
    comments: Sequence[str] = ()


def given(**fields: Any) -> dict[str, Any]:
    """Those that say anything."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, ())}


def unlike(defaults: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Those that are not as by default."""
    return {name: value for name, value in fields.items() if value != defaults[name]}


def money_text(nano: int | None) -> str | None:
    """USD, exact, as text: `1.50`."""
    if nano is None:
        return None
    return plain(usd(nano))


def budget_texts(gateway: Gateway, key: PotKey) -> list[str]:
    """The budgets of a pot, as `budget set` takes them."""
    return [budget.text for budget in gateway.pots.budgets_of(key)]


def by_name(things: Iterable[Any]) -> list[Any]:
    """In an order that does not depend on when they were made."""
    return sorted(things, key=lambda thing: (thing.name.casefold(), thing.name))


def settings_table(gateway: Gateway) -> dict[str, Any]:
    """Those that an operator has set."""
    return dict(sorted(gateway.live_settings.stored.items()))


def gateway_table(gateway: Gateway) -> dict[str, Any]:
    """What holds for all requests together."""
    return given(budgets=budget_texts(gateway, GATEWAY))


def team_entries(gateway: Gateway) -> dict[str, NamedTable]:
    """By name."""
    teams = by_name(gateway.people.teams.values())
    return {team.name: NamedTable(given(budgets=budget_texts(gateway, PotKey("team", team.id)))) for team in teams}


def person_entries(gateway: Gateway) -> dict[str, NamedTable]:
    """By name."""
    return {person.name: NamedTable(_person(gateway, person)) for person in by_name(gateway.people.persons.values())}


def _person(gateway: Gateway, person: Person) -> dict[str, Any]:
    default = Person(id="", name="", created_at=0)
    return {
        "role": person.role,
        **given(email=person.email, team=team_name(gateway.people, person)),
        **unlike({"enabled": True}, enabled=person.enabled),
        **unlike(
            attrs.asdict(default),
            most_tokens=person.most_tokens,
            token_group=person.token_group,
            token_rpm=person.token_rpm,
        ),
        **given(
            token_models=[*person.token_models],
            budgets=budget_texts(gateway, PotKey("person", person.id)),
        ),
    }


def token_entries(gateway: Gateway) -> dict[str, NamedTable]:
    """By name."""
    return {token.name: NamedTable(_token(gateway, token)) for token in by_name(gateway.registry.tokens.all)}


def _token(gateway: Gateway, token: Token) -> dict[str, Any]:
    person, team = owner_names(gateway.people, token)
    if person is not None:
        team = None  # the person's own
    expires = None
    if token.expires_at is not None:
        expires = datetime.fromtimestamp(token.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    budget = None
    if token.budget is not None:
        budget = f"{money_text(token.budget.nano)}/{token.budget.period}"
    return {
        **given(digest=token.digest, hint=token.hint, person=person, team=team),
        **unlike({"group": "default", "enabled": True}, group=token.group, enabled=token.enabled),
        **unlike({"self_made": False}, self_made=token.self_made),
        **given(
            quota=money_text(token.quota_nano),
            budget=budget,
            budgets=budget_texts(gateway, PotKey("token", token.id)),
            models=[*token.models],
            expires=expires,
            rpm=token.rpm,
            tpm=token.tpm,
            concurrency=token.concurrency,
            allow_ips=[*token.allow_ips],
        ),
    }


def route_entries(gateway: Gateway) -> dict[str, NamedTable]:
    """By name."""
    return {route.name: NamedTable(_route(route)) for route in by_name(gateway.registry.routes.all.values())}


def _route(route: NamedRoute) -> dict[str, Any]:
    usual = (*DEFAULT_REASONS, "slow") if route.patience is not None else DEFAULT_REASONS
    steps = []
    for step in route.steps:
        hours = None
        if step.when.hours is not None:
            hours = step.when.hours.text
        when = step.when
        conditions = given(below_budget=when.below_budget, over_tokens=when.over_tokens, tag=when.tag, hours=hours)
        steps.append({"model": step.model, **conditions})
    on = None
    if route.on != usual:
        on = [*route.on]
    fields = given(patience=route.patience, steps=steps)
    if on is not None:
        fields = {"on": on, **fields}
    return fields


def alias_table(gateway: Gateway) -> dict[str, str]:
    """Models by alias."""
    return dict(sorted(gateway.registry.models.aliases.items()))


def strategy_table(gateway: Gateway) -> dict[str, str]:
    """Strategies by model, that of all others first."""
    strategies = sorted(gateway.registry.models.strategies.items())
    return {entries.EVERY_MODEL if model == EVERY_MODEL else model: strategy for model, strategy in strategies}


def fact_entries(gateway: Gateway) -> dict[str, NamedTable]:
    """By model."""
    facts = sorted(gateway.registry.facts.all.items())
    return {
        model: NamedTable(given(context_length=said.context_length, can=[*said.can], cannot=[*said.cannot]))
        for model, said in facts
    }


def price_entries(gateway: Gateway) -> dict[str, NamedTable]:
    """By model: the operator's own prices, not the table's."""
    models = gateway.registry.models
    priced = sorted({*models.prices, *models.hosted_prices, *models.tier_prices})
    return {model: NamedTable(_price(gateway, model)) for model in priced}


def _price(gateway: Gateway, model: str) -> dict[str, Any]:
    models = gateway.registry.models
    fields: dict[str, Any] = {}
    price = models.prices.get(model)
    if price is not None:
        fields |= _terms(price)
    hosted = models.hosted_prices.get(model)
    if hosted is not None:
        fields |= given(**{name: money_text(getattr(hosted, name)) for name in HOSTED})
    tiers = sorted(models.tier_prices.get(model, {}).items())
    return fields | given(services={tier: rates_table(rates) for tier, rates in tiers})


def _terms(price: Price) -> dict[str, Any]:
    hours = [
        {
            "at": each.span.text,
            **unlike({"weekdays": False}, weekdays=each.span.weekdays),
            **rates_table(each.rates),
            **given(tiers=[{"above": tier.above, **rates_table(tier.rates)} for tier in each.tiers]),
        }
        for each in price.hours
    ]
    tiers = [{"above": tier.above, **rates_table(tier.rates)} for tier in price.tiers]
    return {**rates_table(price.rates), **given(tiers=tiers, hours=hours)}


def rates_table(rates: Rates) -> dict[str, str]:
    """USD, as text: no amount passes through a float."""
    own = {name: money_text(getattr(rates, name)) for name in ("cache_read", "cache_write", "cache_write_1h")}
    return {
        "input": plain(usd(rates.input)),
        "output": plain(usd(rates.output)),
        **given(**own, reasoning=money_text(rates.reasoning)),
        **given(**{name: money_text(getattr(rates.modal, name, None)) for name in MODAL_RATES}),
        **given(**{name: money_text(getattr(rates.units, name, None)) for name in UNIT_RATES}),
    }


def channel_entries(gateway: Gateway, seal: Seal | None) -> dict[str, NamedTable]:
    """By name."""
    return {channel.name: _channel(channel, seal) for channel in by_name(gateway.registry.channels.all)}


def _channel(channel: Channel, seal: Seal | None) -> NamedTable:
    comments: list[str] = []
    default = Channel(id="", name="", provider="", base_url="", created_at=0)
    models = []
    if not channel.discovered:
        models = [offer_text(offer) for offer in (*channel.offers, *channel.patterns) if not offer.pattern]
    plain_fields = {name: getattr(channel, name) for name in ("origin", "priority", "weight", "group", "cost", "learn")}
    fields = {
        "type": channel.provider,
        "base_url": channel.base_url,
        **unlike({"enabled": True}, enabled=channel.enabled),
        **unlike(attrs.asdict(default, recurse=False), **plain_fields),
        **_limits(channel.limits),
        **_overrides(channel, seal, comments),
        **_way_out(channel.way_out or WayOut(), seal, comments),
        **given(models=models, clocks=_clocks(channel.clocks)),
        "keys": [_key(key, seal, comments) for key in channel.keys],
    }
    if channel.discovered:
        comments.append("models: all that its upstream lists")
    return NamedTable(fields, comments)


def alert_entries(gateway: Gateway, seal: Seal | None) -> dict[str, NamedTable]:
    """By name."""
    destinations = by_name(gateway.alerts.destinations.by_id.values())
    return {destination.name: _alert(destination, seal) for destination in destinations}


def _alert(destination: AlertDestination, seal: Seal | None) -> NamedTable:
    comments: list[str] = []
    fields: dict[str, Any] = {}
    for name, secret in (("url", destination.url.value), ("secret", destination.secret.value)):
        if secret.startswith(ENV):
            fields[name] = secret
        elif secret and seal is not None:
            fields[name] = seal(secret)
        elif secret:
            comments.append(
                f"{name} was typed in and is left out: it stays as it is where it is; elsewhere, "
                f'write {name} = "env:NAME"'
            )
    fields |= given(events=[*destination.topics], quiet=destination.quiet)
    fields |= unlike({"urgent": False, "enabled": True}, urgent=destination.urgent, enabled=destination.enabled)
    return NamedTable(fields, comments)


def _limits(limits: Limits) -> dict[str, Any]:
    return given(**limits_json(limits))


def _clocks(clocks: Clocks) -> dict[str, float]:
    return {name: seconds for name, seconds in attrs.asdict(clocks).items() if seconds is not None}


def _key(key: ChannelKey, seal: Seal | None, comments: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if seal is not None:
        # Whoever is to get the secrets gets keys under the names that they have here.
        fields = {"id": key.id}
    if is_reference(key.ref.value, key.env):
        fields["key"] = key.ref.value
    elif seal is not None:
        fields["key"] = seal(key.ref.value)
    else:
        fields["id"] = key.id
        comments.append(
            f"key {key.id} ({key_hint(key)}) was typed in and is left out: it stays as it is where it is; elsewhere, "
            'write key = "env:NAME"'
        )
    return {**fields, **unlike({"enabled": True}, enabled=key.disabled != BY_OPERATOR), **_limits(key.limits)}


def is_reference(ref: str, env: str | None) -> bool:
    """Whether a key says only where the secret is."""
    return env is not None or ref.startswith(("file:", "profile:")) or ref == "default"


def _overrides(channel: Channel, seal: Seal | None, comments: list[str]) -> dict[str, Any]:
    shown = overrides_json(channel.overrides)
    said = channel.overrides or NONE
    shown["headers"] = [_header(header, seal, comments) for header in said.headers]
    return given(**shown)


def _header(header: Header, seal: Seal | None, comments: list[str]) -> str:
    if header.env is not None:
        return f"{header.name}={header.value.value}"
    if seal is not None:
        return f"{header.name}={seal(header.value.value)}"
    comments.append(f"header {header.name}: its value was typed in and is left out, and stays as it is where it is")
    return header.name


def _way_out(way: WayOut, seal: Seal | None, comments: list[str]) -> dict[str, Any]:
    proxy = ""
    if way.proxy.value:
        proxy = shown_proxy(way.proxy.value)
    if MASK in proxy and seal is not None:
        proxy = seal(way.proxy.value)
    elif MASK in proxy:
        comments.append("proxy: its user name and password are left out, and stay as they are where they are")
    return given(proxy=proxy, ca=way.ca, client_cert=way.client_cert, bind=way.bind)
