"""An import arrives whole or not at all, is known at once and after a restart, and changes nothing the second time."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import DATABASE, Settings
from aihub_lite.domain.channel import BY_OPERATOR, Channel, Offer, keys_of, switched_off
from aihub_lite.domain.money import NANO, Rates
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.route import NamedRoute, RouteStep
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.moving.arrive import arrive, preview
from aihub_lite.moving.move import (
    Move,
    MovedAlias,
    MovedCall,
    MovedChannel,
    MovedPerson,
    MovedPrice,
    MovedRoute,
    MovedTeam,
    MovedToken,
    Remark,
)
from aihub_lite.storage.moving.arrivals import Imported
from aihub_lite.storage.usage import Usages
from tests.moving.awaited import awaited

KEYS = keys_of(("sk-up-1", "sk-up-2"))


def token(name: str, key: str, **fields: object) -> Token:
    return Token(id="", name=name, digest=digest_of(key), hint=key[-4:], created_at=1_700_000_000, **fields)  # type: ignore[arg-type]


def call(number: int, **fields: object) -> MovedCall:
    defaults: dict[str, object] = {"started_ms": 1_700_000_000_000 + number, "model": "gpt-4o", "cost_nano": NANO}
    return MovedCall(source=f"c{number}", **{**defaults, **fields})  # type: ignore[arg-type]


CHANNEL = Channel(
    id="", name="main", provider="openai", base_url="", created_at=0, offers=(Offer("gpt-4o", "gpt-4o"),),
    keys=(KEYS[0], switched_off(KEYS[1])),
)  # fmt: skip
MOVE = Move(
    program="one-api",
    teams=(MovedTeam(source="t1", team=Team(id="", name="lab", created_at=0), budgets=("5/day",)),),
    people=(
        MovedPerson(
            source="1",
            person=Person(id="", name="ada", created_at=0, email="Ada@Example.org"),
            team="t1",
            granted_nano=10 * NANO,
            used_nano=3 * NANO,
        ),
    ),
    tokens=(
        MovedToken(
            source="1", token=token("default", "sk-one", quota_nano=5 * NANO), person="1", used_nano=2 * NANO,
            budgets=("gpt-*=1/month",),
        ),
        MovedToken(source="2", token=token("default", "sk-two"), team="t1"),
        MovedToken(source="3", token=token("orphan", "sk-three"), person="99"),
    ),
    channels=(MovedChannel(sources=("1", "2"), channel=CHANNEL, notes=("a note",)),),
    prices=(
        MovedPrice(model="gpt-4o", rates=Rates(NANO, 2 * NANO, cache_read=NANO // 2)),
        MovedPrice(model="flat", rates=Rates(0, 0), per_request_nano=NANO // 100),
    ),
    aliases=(MovedAlias(alias="best", model="gpt-4o"), MovedAlias(alias="gpt-4o", model="flat")),
    routes=(MovedRoute(route=NamedRoute(name="safe", steps=(RouteStep(model="gpt-4o"), RouteStep(model="flat")))),),
    calls=(
        call(1, token="1", person="1", channel="2", prompt_tokens=10, completion_tokens=5, cache_read_tokens=4),
        call(2, token_name="gone", person="1", channel="7", channel_name="closed"),
        call(3, token="1", person="1", channel="1", error_code="upstream_error", status=500, cost_nano=0),
    ),
    left=(Remark(noun="redemption", source="4", name="welcome", notes=("codes have no counterpart",)),),
)  # fmt: skip


@asynccontextmanager
async def gateway_at(directory: Path) -> AsyncIterator[Gateway]:
    async with open_gateway(Settings(data_dir=directory), {}) as gateway:
        yield gateway


def told(gateway: Gateway) -> dict[str, object]:
    """Everything that an import brings, as the running gateway knows it."""
    live = gateway.registry.live_catalog
    by_name = {token.id: token.name for token in gateway.registry.tokens.all}
    return {
        "teams": {team.name: team for team in gateway.people.teams.values()},
        "people": {person.name: person for person in gateway.people.persons.values()},
        "tokens": gateway.registry.tokens.by_digest,
        "spent": {by_name[token_id]: balance.spent for token_id, balance in gateway.ledger.balances.items()},
        "chains": {by_name[id_]: [pot.key for pot in each.pots] for id_, each in gateway.ledger.balances.items()},
        "pots": {
            key: (pot.name, pot.spent, pot.credit, [tally.budget.text for tally in pot.tallies])
            for key, pot in gateway.ledger.pots.items()
        },
        "channels": {channel.name: channel for channel in gateway.registry.channels.all},
        "models": {model.id: [each.price for each in model.candidates] for model in live.now.models.values()},
        "last keys": gateway.registry.channels.last_keys,
        "prices": live.prices,
        "hosted": live.hosted_prices,
        "aliases": live.aliases,
        "routes": live.routes,
    }


def becomes(rows: tuple[Remark, ...]) -> dict[tuple[str, str], str]:
    return {(row.noun, row.source): row.becomes for row in rows}


@awaited
async def test_what_runs_knows_after_an_import_what_a_restart_would(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        at_once = told(gateway)
    async with gateway_at(tmp_path) as gateway:
        assert at_once == told(gateway)


@awaited
async def test_each_row_is_told_what_becomes_of_it(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        before = await preview(gateway, MOVE)
        assert before == await arrive(gateway, MOVE, "admin key")
    assert {
        ("team", "t1"): "team lab",
        ("person", "1"): "person ada, member",
        ("token", "1"): "token ada-default of ada",
        ("token", "2"): "token default",
        ("token", "3"): "",
        ("channel", "1, 2"): "channel main: openai, 2 keys (1 out of use), 1 model, group default",
        ("price", "gpt-4o"): "$1.00 in, $2.00 out, $0.50 read from a cache per million tokens",
        ("price", "flat"): "$0.01 a request",
        ("alias", "best"): "alias of gpt-4o",
        ("alias", "gpt-4o"): "",
        ("route", "safe"): "route over gpt-4o, flat",
        ("redemption", "4"): "",
        ("log", ""): "3 requests in the history, $2.00",
    } == becomes(before)


@awaited
async def test_a_preview_changes_nothing(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        before = told(gateway)
        await preview(gateway, MOVE)
        assert before == told(gateway)
        assert {} == await Imported(gateway.database).load("one-api")


@awaited
async def test_quotas_credits_and_what_was_used_are_as_they_were_there(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        moved = gateway.registry.tokens.get("ada-default")
        ada = gateway.people.person("ada")
        pot = gateway.ledger.pots[PotKey("person", ada.id)]
        assert (5 * NANO, 3 * NANO) == (moved.quota_nano, gateway.ledger.balances[moved.id].left(1_800_000_000))
        assert 7 * NANO == pot.credit_left
        credits_ = await gateway.pots.credits.of(pot.key)
        assert [(10 * NANO, "Granted at one-api"), (-3 * NANO, "Used at one-api")] == [
            (each.nano, each.note) for each in credits_
        ]
        statement = await gateway.credits.statement(pot.key, "")
        assert (0, 7 * NANO) == (statement.spent, statement.after)


@awaited
async def test_a_key_that_was_switched_off_stays_so(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        channel = gateway.registry.channels.get("main")
        assert ("https://api.openai.com/v1", ["", BY_OPERATOR]) == (
            channel.base_url,
            [key.disabled for key in channel.keys],
        )


@awaited
async def test_the_log_is_history_that_no_budget_and_no_quota_counts(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        rows = await Usages(gateway.database).sums("model", 0)
        charged = await gateway.database.read("SELECT sum(charge_nano) AS nano FROM usage_days")
        columns = "token, channel, usage_source, tags"
        records = await gateway.database.read(f"SELECT {columns} FROM usage_records ORDER BY id")
    assert [("gpt-4o", 3, 1, 2 * NANO)] == [(row.key, row.requests, row.errors, row.cost_nano) for row in rows]
    assert 0 == charged[0]["nano"]
    assert [("ada-default", "main"), ("gone", "closed"), ("ada-default", "main")] == [
        (row["token"], row["channel"]) for row in records
    ]
    assert {("moved", '["from-one-api"]')} == {(row["usage_source"], row["tags"]) for row in records}


@awaited
async def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        before = told(gateway)
        again = await arrive(gateway, MOVE, "admin key")
        assert before == told(gateway)
    kept = {row.becomes for row in again if row.noun != "redemption" and row.source not in ("3", "gpt-4o")}
    assert {"moved before"} == kept


@awaited
async def test_what_was_deleted_here_is_not_brought_back(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        await gateway.registry.channels.delete("main")
        await gateway.people.delete_person("ada")
        await arrive(gateway, MOVE, "admin key")
        assert ([], []) == (gateway.registry.channels.all, [*gateway.people.persons])


@awaited
async def test_what_came_there_since_comes_along_the_second_time(tmp_path: Path) -> None:
    more = attrs.evolve(
        MOVE,
        tokens=(*MOVE.tokens, MovedToken(source="4", token=token("late", "sk-four"), person="1")),
        calls=(*MOVE.calls, call(4, token="4")),
    )
    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, MOVE, "admin key")
        await arrive(gateway, more, "admin key")
        assert "ada" == gateway.people.persons[gateway.registry.tokens.get("late").person_id].name
        assert 4 == (await gateway.database.read("SELECT count(*) AS n FROM usage_records"))[0]["n"]


@awaited
async def test_an_import_that_fails_in_its_middle_leaves_nothing(tmp_path: Path) -> None:
    """Storage itself refuses the last call, as it would a row that breaks one of its rules."""
    async with gateway_at(tmp_path) as gateway:
        before = told(gateway)
        with closing(sqlite3.connect(tmp_path / DATABASE)) as other:
            other.execute(
                "CREATE TRIGGER no BEFORE INSERT ON usage_records WHEN NEW.request_id = 'one-api-c3'"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        with pytest.raises((GatewayError, sqlite3.Error)):
            await arrive(gateway, MOVE, "admin key")
        assert before == told(gateway)
    async with gateway_at(tmp_path) as gateway:
        assert before == told(gateway)
        counts = "SELECT (SELECT count(*) FROM credits) + (SELECT count(*) FROM imported) AS n"
        assert 0 == (await gateway.database.read(counts))[0]["n"]


@awaited
async def test_names_that_are_taken_here_give_way_to_nothing_that_arrives(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        for name in ("default", "ada-default"):
            await gateway.registry.tokens.create(name)
        await gateway.people.create_person("Ada")
        rows = await arrive(gateway, MOVE, "admin key")
        names = {token.name for token in gateway.registry.tokens.all}
        assert {"default", "ada-default", "ada-2-default", "default-2"} == names
    assert {"person ada-2, member", "token ada-2-default of ada-2", "token default-2"} <= {row.becomes for row in rows}


@awaited
async def test_a_price_that_was_set_here_stays(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        first = await arrive(gateway, attrs.evolve(MOVE, program="new-api", tokens=(), people=()), "admin key")
        second = await arrive(gateway, MOVE, "admin key")
    assert ("$0.01 a request", "") == (becomes(first)["price", "flat"], becomes(second)["price", "flat"])


@awaited
async def test_who_has_an_address_that_is_known_here_is_that_person(tmp_path: Path) -> None:
    async with gateway_at(tmp_path) as gateway:
        here = await gateway.people.create_person("a", lambda person: attrs.evolve(person, email="ada@example.org"))
        await arrive(gateway, MOVE, "admin key")
        assert here.id == gateway.registry.tokens.get("a-default").person_id
        assert None is gateway.ledger.pots[PotKey("person", here.id)].credit


@awaited
async def test_what_a_budgets_window_has_seen_is_seen_here_and_after_a_restart(tmp_path: Path) -> None:
    """Brought forward as one charge: no request, no cost in any statistic."""
    move = Move(
        program="litellm",
        teams=(
            MovedTeam(
                source="t",
                team=Team(id="", name="lab", created_at=0),
                budgets=("5/day",),
                used_nano=NANO,
                window_nano=NANO,
            ),
        ),
        tokens=(
            MovedToken(
                source="k", token=token("k", "sk-k"), budgets=("10/month",), used_nano=3 * NANO, window_nano=2 * NANO
            ),
        ),
    )  # fmt: skip

    def figures(gateway: Gateway) -> dict[str, object]:
        now = gateway.clock.wall()
        pots = {key.kind: pot for key, pot in gateway.ledger.pots.items() if pot.tallies}
        (balance,) = gateway.ledger.balances.values()
        left: dict[str, object] = {kind: [tally.left(now) for tally in pot.tallies] for kind, pot in pots.items()}
        return {**left, "spent": balance.spent, "team spent": pots["team"].spent}

    async with gateway_at(tmp_path) as gateway:
        await arrive(gateway, move, "tests")
        seen = figures(gateway)
    assert {"token": [8 * NANO], "team": [4 * NANO], "spent": 3 * NANO, "team spent": NANO} == seen
    async with gateway_at(tmp_path) as gateway:
        assert seen == figures(gateway)
        rows = await gateway.database.read("SELECT sum(cost_nano) AS cost FROM usage_records")
        assert 0 == rows[0]["cost"]
