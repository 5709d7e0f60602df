"""What people and teams spent is booked with the record, once, and no edit undoes it."""

from __future__ import annotations

from pathlib import Path

import attrs

from aihub_lite.domain.people.person import Person, Team
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.people.persons import Persons
from aihub_lite.storage.people.teams import Teams
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.usage import Usages
from tests.storage.facts import NOON, hold, record, with_database

ADA = Person(
    id="per_1", name="Ada", created_at=1, role="admin", email="ada@example.org", team_id="team_1", enabled=False
)
TEAM = Team(id="team_1", name="research", created_at=1)
HERS = {"person_id": "per_1", "team_id": "team_1", "tags": ("ci", "nightly"), "end_user": "u-17"}
Spent = list[int]


async def spent(database: Database) -> Spent:
    return [nano for _, nano in [*await Persons(database).load(), *await Teams(database).load()]]


def test_a_record_charges_its_person_and_team_once(tmp_path: Path) -> None:
    async def work(database: Database) -> Spent:
        await Persons(database).insert(ADA)
        await Teams(database).insert(TEAM)
        await Journal(database).settle(record("r1", **HERS))
        await Journal(database).settle(record("r1", **HERS))
        await Journal(database).settle(record("r2", team_id="team_1"))
        await Journal(database).settle(record("r3"))
        await Persons(database).update(attrs.evolve(ADA, enabled=True))
        await Teams(database).update(attrs.evolve(TEAM, name="lab"))
        return await spent(database)

    assert [1000, 2000] == with_database(tmp_path / "a.db", work)


def test_a_person_comes_back_in_every_field(tmp_path: Path) -> None:
    async def work(database: Database) -> list[tuple[Person, int]]:
        await Persons(database).insert(ADA)
        return await Persons(database).load()

    assert [(ADA, 0)] == with_database(tmp_path / "a.db", work)


def test_whose_a_request_was_is_told_after_a_crash_too(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[dict[str, object], Spent]:
        await Persons(database).insert(ADA)
        await Teams(database).insert(TEAM)
        await Journal(database).hold(hold("r1", **HERS))
        await Journal(database).interrupted(NOON + 5000, "boot-2")
        [(_, booked)] = await Usages(database).records(RecordFilter())
        return {name: getattr(booked, name) for name in HERS}, await spent(database)

    assert (HERS, [700, 700]) == with_database(tmp_path / "a.db", work)
