"""Everything that one import adds, as the statements of one job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import Price
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.pots.budget import PotBudget, PotKey
from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Usage, UsageRecord
from aihub_lite.storage import channels, named_routes, tokens
from aihub_lite.storage.journal import SETTLE
from aihub_lite.storage.people import persons, teams
from aihub_lite.storage.pots import budgets
from aihub_lite.storage.pots.credits import INSERT as INSERT_CREDIT
from aihub_lite.storage.prices import PUT as PUT_PRICE
from aihub_lite.storage.prices import PUT_HOSTED
from aihub_lite.storage.records import record_values
from aihub_lite.storage.sqlite.columns import to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

Source = tuple[str, str]
"""A noun, and what the other program knows the thing by."""
REMEMBER = "INSERT INTO imported (program, noun, source, our_id, at) VALUES (?, ?, ?, ?, ?)"
SPENT = "UPDATE tokens SET spent_nano = ? WHERE id = ?"
OPENING = "brought-forward"
"""What stands for token and model of a charge that was made elsewhere."""
PUT_ALIAS = "INSERT INTO aliases (alias, model) VALUES (?, ?)"


@attrs.frozen(kw_only=True)
class Granted:
    """An entry in the book of a pot, in nano-USD."""

    key: PotKey
    nano: int
    note: str


@attrs.define(kw_only=True)
class Arrivals:
    """All that is new, checked, with our ids and names."""

    teams: list[Team] = attrs.field(factory=list)
    people: list[Person] = attrs.field(factory=list)
    tokens: list[tuple[Token, int]] = attrs.field(factory=list)
    """Each with the nano-USD that it has spent already."""
    channels: list[Channel] = attrs.field(factory=list)
    granted: list[Granted] = attrs.field(factory=list)
    budgets: dict[PotKey, tuple[PotBudget, ...]] = attrs.field(factory=dict)
    opened: dict[PotKey, int] = attrs.field(factory=dict)
    """What windows of budgets that run have seen, in nano-USD: booked as one charge each, so that they know it as they
    know any other."""
    prices: dict[str, tuple[Price, HostedRates | None]] = attrs.field(factory=dict)
    aliases: dict[str, str] = attrs.field(factory=dict)
    routes: list[NamedRoute] = attrs.field(factory=list)
    records: list[UsageRecord] = attrs.field(factory=list)
    """Charged to nobody: what they cost was paid where they come from."""
    sources: dict[Source, str] = attrs.field(factory=dict)
    """Our id of each thing, empty for one that has none."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to write."""
        return not self.sources


@attrs.frozen
class Imported:
    """The table of what was moved in."""

    _database: Database

    async def load(self, program: str) -> Mapping[Source, str]:
        """Our ids of everything that was moved in from a program."""
        rows = await self._database.read("SELECT noun, source, our_id FROM imported WHERE program = ?", (program,))
        return {(row["noun"], row["source"]): row["our_id"] for row in rows}

    async def add(self, arrivals: Arrivals, program: str, by: str, now: int) -> None:
        """Write everything, or nothing; raises Duplicate and StorageUnavailable. `by` is who gave the credits."""
        # Of a long log there are many: other requests go on meanwhile.
        statements = await asyncio.to_thread(lambda: tuple(_statements(arrivals, program, by, now)))
        await self._database.write(*statements)


def _statements(arrivals: Arrivals, program: str, by: str, now: int) -> Iterator[Statement]:
    yield from ((teams.INSERT, attrs.astuple(team)) for team in arrivals.teams)
    yield from (persons.insertion(person) for person in arrivals.people)
    for token, spent in arrivals.tokens:
        yield tokens.insertion(token)
        # What its windows have seen is added when that is booked.
        yield SPENT, (spent - arrivals.opened.get(PotKey("token", token.id), 0), token.id)
    yield from (channels.insertion(channel) for channel in arrivals.channels)
    for entry in arrivals.granted:
        yield INSERT_CREDIT, (entry.key.kind, entry.key.holder, entry.nano, entry.note, by, now)
    for key, each in arrivals.budgets.items():
        yield from _budget_rows(key, each)
    for model, (price, hosted) in arrivals.prices.items():
        yield PUT_PRICE, (model, to_json(price))
        if hosted is not None:
            yield PUT_HOSTED, (model, to_json(hosted))
    yield from ((PUT_ALIAS, pair) for pair in arrivals.aliases.items())
    yield from (named_routes.put_statement(route) for route in arrivals.routes)
    for key, nano in arrivals.opened.items():
        yield SETTLE.sql, (*record_values(_opening(key, program, now))[:-1], nano)
    # The last value is what a record takes from its token.
    yield from ((SETTLE.sql, (*record_values(record)[:-1], 0)) for record in arrivals.records)
    for (noun, source), our_id in arrivals.sources.items():
        yield REMEMBER, (program, noun, source, our_id, now)


def _opening(key: PotKey, program: str, now: int) -> UsageRecord:
    """The record that a budget's running window begins with: no request, and in no statistic a cost."""
    ids = {kind: key.holder if key.kind == kind else "" for kind in ("token", "person", "team")}
    return UsageRecord(
        request_id=f"{program}-opening-{key.holder}",
        started_ms=now * 1000,
        token=OPENING,
        model=OPENING,
        surface="chat",
        streamed=False,
        outcome="ok",
        status=200,
        error_code="",
        channel="",
        upstream_model="",
        attempts=(),
        usage=Usage(),
        usage_source="moved",
        price="",
        cost_nano=0,
        overrun_nano=0,
        first_byte_ms=0,
        duration_ms=0,
        client=program,
        tags=(f"from-{program}",),
        token_id=ids["token"],
        person_id=ids["person"],
        team_id=ids["team"],
    )


def _budget_rows(key: PotKey, of_pot: Sequence[PotBudget]) -> Iterator[Statement]:
    for place, budget in enumerate(of_pot):
        yield budgets.INSERT, (key.kind, key.holder, place, *attrs.astuple(budget))
