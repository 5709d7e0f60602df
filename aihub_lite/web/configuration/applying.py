"""What a file describes, brought about on a gateway: thing by thing, each by the rules of the admin API.

It is a copy of the gateway on which this is done (`gateway/rehearsal`): what fails half way leaves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.channel import Channel, ModelFacts
from aihub_lite.domain.people.person import Person, checked_person
from aihub_lite.domain.pots.budget import GATEWAY, PotKey, budgets_of
from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.strategy import EVERY_MODEL, checked_strategy
from aihub_lite.domain.token import Token
from aihub_lite.domain.validation import checked_token
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import moment
from aihub_lite.web.admin.models import FactsInput
from aihub_lite.web.admin.people.persons import change_for as person_change
from aihub_lite.web.admin.pots.pots import PotInput
from aihub_lite.web.admin.routes import RouteChange, reasons_of, steps_of
from aihub_lite.web.admin.tokens import COLUMNS
from aihub_lite.web.admin.tokens import change_for as token_change
from aihub_lite.web.configuration import entries
from aihub_lite.web.configuration.alerts import apply_alerts
from aihub_lite.web.configuration.channels import Wanted, channel_of, wanted_channel
from aihub_lite.web.configuration.entries import PersonEntry, SettingsEntry, TokenEntry
from aihub_lite.web.configuration.prices import apply_prices
from aihub_lite.web.configuration.reading import Document, Table, at, entry_of

DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
HINT = re.compile(r"[!-~]{0,8}", re.ASCII)
SPAN = re.compile(r"[0-9]+[mhdw]", re.ASCII)
Keys = dict[str, str]
"""What was made and is shown this once, by name."""


@attrs.frozen
class Made:
    """What a file had made."""

    keys: Keys
    """Of tokens."""
    secrets: Keys
    """Of webhooks that alerts are sent to."""


async def apply_all(gateway: Gateway, document: Document) -> Made:
    """Bring about all that the file names; raises InvalidRequest, which says where in the file."""
    await _apply_settings(gateway, document.tables("settings"))
    await _apply_teams(gateway, document.tables("teams"))
    await _apply_people(gateway, document.tables("people"))
    await _apply_channels(gateway, document.tables("channels"))
    await _apply_routes(gateway, document.tables("routes"))
    await _apply_aliases(gateway, document.tables("aliases"))
    await _apply_strategies(gateway, document.tables("strategies"))
    await _apply_facts(gateway, document.tables("models"))
    await apply_prices(gateway, document.tables("prices"))
    keys = await _apply_tokens(gateway, document.tables("tokens"))
    if "gateway" in document.sections:
        with at("gateway"):
            await _set_budgets(gateway, GATEWAY, entry_of(PotInput, document.tables("gateway")).budgets)
    secrets = await apply_alerts(gateway, document.tables("alerts"))
    _check_aliases(gateway, document)
    return Made(keys, secrets)


async def _apply_settings(gateway: Gateway, table: Table) -> None:
    with at("settings"):
        values: Any = entry_of(SettingsEntry, table)
        stored = gateway.live_settings.stored
        changed = {name: getattr(values, name) for name in table if stored.get(name) != getattr(values, name)}
        if changed:
            await gateway.live_settings.change(changed)


async def _apply_teams(gateway: Gateway, tables: Table) -> None:
    teams = {team.name: team for team in gateway.people.teams.values()}
    for name, table in tables.items():
        with at("teams", name):
            budgets = entry_of(PotInput, table).budgets
            team = teams.get(name) or await gateway.people.create_team(name)
            await _set_budgets(gateway, PotKey("team", team.id), budgets)


async def _apply_people(gateway: Gateway, tables: Table) -> None:
    people = {person.name: person for person in gateway.people.persons.values()}
    for name, table in tables.items():
        with at("people", name):
            fields = attrs.asdict(entry_of(PersonEntry, table), recurse=False)
            budgets = fields.pop("budgets")
            change = person_change(gateway, {**fields, "name": name})
            person = await _put_person(gateway, people.get(name), name, change)
            await _set_budgets(gateway, PotKey("person", person.id), budgets)


async def _put_person(gateway: Gateway, before: Person | None, name: str, change: Callable[[Person], Person]) -> Person:
    if before is None:
        return await gateway.people.create_person(name, change)
    if checked_person(change(before)) == before:
        return before
    return await gateway.people.edit_person(before.id, change)


async def _apply_channels(gateway: Gateway, tables: Table) -> None:
    channels = {channel.name: channel for channel in gateway.registry.channels.all}
    for name, table in tables.items():
        with at("channels", name):
            wanted = wanted_channel(gateway, name, table)
            await _put_channel(gateway, channels.get(name), wanted)


async def _put_channel(gateway: Gateway, before: Channel | None, wanted: Wanted) -> None:
    registry = gateway.registry.channels
    channel = channel_of(gateway, wanted, before)
    if before is None:

        def made(blank: Channel) -> Channel:
            return attrs.evolve(channel, id=blank.id, created_at=blank.created_at)

        await registry.create(wanted.name, channel.provider, channel.base_url, made)
    elif channel != before:
        await registry.edit(before.id, lambda now: channel_of(gateway, wanted, now))


async def _apply_routes(gateway: Gateway, tables: Table) -> None:
    routes = gateway.registry.routes
    for name, table in tables.items():
        with at("routes", name):
            entry = entry_of(RouteChange, table)
            route = NamedRoute(
                name=name,
                steps=steps_of(entry.steps or ()),
                on=reasons_of(entry.on, entry.patience),
                patience=entry.patience,
            )
            if name not in routes.all:
                await routes.create(route)
            elif routes.all[name] != route:
                await routes.change(route)


async def _apply_aliases(gateway: Gateway, table: Table) -> None:
    models = gateway.registry.models
    for alias, target in table.items():
        with at("aliases", alias):
            if models.aliases.get(alias) != target:
                await models.set_alias(alias, target)


def _check_aliases(gateway: Gateway, document: Document) -> None:
    """Raise InvalidRequest for a new alias that leads to nothing, as far as all channels' models are known."""
    catalog = gateway.registry.live_catalog
    if any(channel.discovered and not channel.offers for channel in catalog.channels.values()):
        return
    for alias, target in document.tables("aliases").items():
        if catalog.offered.resolve(alias) is None:
            with at("aliases", alias):
                raise InvalidRequest(f"no channel offers {target!r}, and no route has that name")


async def _apply_strategies(gateway: Gateway, table: Table) -> None:
    models = gateway.registry.models
    for name, text in table.items():
        with at("strategies", name):
            strategy = checked_strategy(text)
            model = EVERY_MODEL if name == entries.EVERY_MODEL else name
            if strategy not in (models.strategies.get(model), models.strategies.get(canonical(model))):
                await models.set_strategy(model, strategy)


async def _apply_facts(gateway: Gateway, tables: Table) -> None:
    registry = gateway.registry
    for name, table in tables.items():
        with at("models", name):
            said = entry_of(FactsInput, table)
            facts = ModelFacts(
                context_length=said.context_length,
                can=tuple(dict.fromkeys(said.can)),  # type: ignore[arg-type]
                cannot=tuple(dict.fromkeys(said.cannot)),  # type: ignore[arg-type]
            )
            if registry.facts.all.get(name) != facts:
                await registry.facts.put(name, facts)


async def _apply_tokens(gateway: Gateway, tables: Table) -> Keys:
    tokens = {token.name: token for token in gateway.registry.tokens.all}
    keys: Keys = {}
    for name, table in tables.items():
        with at("tokens", name):
            fields = _token_fields(table, gateway.clock.wall())
            budgets = fields.pop("budgets")
            token = tokens.get(name)
            change = _token_change(gateway, {**fields, "name": name})
            if token is None:
                token, key = await gateway.registry.tokens.create(name, change)
                if "digest" not in table:
                    keys[name] = key
            elif checked_token(change(token)) != token:
                token = await gateway.registry.tokens.edit(token.id, change)
            await _set_budgets(gateway, PotKey("token", token.id), budgets)
    return keys


def _token_fields(table: Table, now: float) -> dict[str, Any]:
    """The fields of a Token that a table sets, and its budgets; raises InvalidRequest."""
    entry = entry_of(TokenEntry, table)
    fields = attrs.asdict(entry, recurse=False)
    if entry.expires is not None:
        if SPAN.fullmatch(entry.expires):
            raise InvalidRequest("expires: must be a date like 2027-01-31: a span would begin anew each time")
        fields["expires"] = moment(entry.expires, now, "expires", ahead=True)
    if entry.self_made is None:
        del fields["self_made"]
    if entry.digest is None:
        del fields["digest"], fields["hint"]
    else:
        _check_digest(entry.digest, entry.hint or "")
        fields["hint"] = entry.hint or ""
    return {COLUMNS.get(name, name): value for name, value in fields.items()}


def _check_digest(digest: str, hint: str) -> None:
    if not DIGEST.fullmatch(digest):
        raise InvalidRequest("digest: must be the SHA-256 of a key, in 64 small hex digits")
    if not HINT.fullmatch(hint):
        raise InvalidRequest("hint: must be the last characters of the key, at most 8")


def _token_change(gateway: Gateway, fields: Mapping[str, Any]) -> Callable[[Token], Token]:
    give = token_change(gateway, fields)

    def change(token: Token) -> Token:
        token = give(token)
        other = gateway.registry.tokens.by_digest.get(token.digest)
        if other is not None and other.id != token.id:
            raise InvalidRequest(f"digest: is that of the token {other.name!r}")
        return token

    return change


async def _set_budgets(gateway: Gateway, key: PotKey, texts: tuple[str, ...]) -> None:
    before = gateway.pots.budgets_of(key)
    if [*budgets_of(texts, gateway.clock.wall(), before)] != before:
        await gateway.pots.set_budgets(key, texts)
