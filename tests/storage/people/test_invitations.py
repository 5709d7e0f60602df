"""A link lets one person in, once and in time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs

from aihub_lite.domain.people.person import Person
from aihub_lite.storage.people.invitations import Invitation, Invitations
from aihub_lite.storage.people.persons import Persons
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import with_database

ONE = Invitation(person_id="per_1", digest="d1", created_at=100, expires_at=200)
ADA = Person(id="per_1", name="Ada", created_at=1)


def test_of_many_who_use_a_link_at_once_one_comes_in(tmp_path: Path) -> None:
    async def work(database: Database) -> list[str | None]:
        await Invitations(database).add(ONE)
        return await asyncio.gather(*(Invitations(database).use("d1", 150) for _ in range(20)))

    assert ["per_1"] == [used for used in with_database(tmp_path / "a.db", work) if used]


def test_a_link_opens_nothing_once_it_has_expired_or_was_ended(tmp_path: Path) -> None:
    async def work(database: Database) -> list[object]:
        invitations = Invitations(database)
        await invitations.add(ONE)
        late = await invitations.use("d1", 200)
        return [late, await invitations.end("per_1"), await invitations.use("d1", 150), await invitations.end("per_1")]

    assert [None, True, None, False] == with_database(tmp_path / "a.db", work)


def test_a_new_link_ends_the_one_before_it(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[list[str], list[str | None]]:
        invitations = Invitations(database)
        await invitations.add(ONE)
        await invitations.add(attrs.evolve(ONE, person_id="per_2", digest="other"))
        await invitations.add(attrs.evolve(ONE, digest="d2", created_at=110))
        opened = [each.digest for each in await invitations.all(150)]
        return opened, [await invitations.use(digest, 150) for digest in ("d1", "d2", "other")]

    assert (["d2", "other"], [None, "per_1", "per_2"]) == with_database(tmp_path / "a.db", work)


def test_what_has_expired_is_not_listed_and_goes_with_the_next(tmp_path: Path) -> None:
    async def work(database: Database) -> list[object]:
        invitations = Invitations(database)
        await invitations.add(ONE)
        shown = [await invitations.all(200), await invitations.of_person("per_1", 200)]
        await invitations.add(attrs.evolve(ONE, person_id="per_2", digest="d2", created_at=200, expires_at=300))
        return [*shown, [row["digest"] for row in await database.read("SELECT digest FROM invitations")]]

    assert [[], None, ["d2"]] == with_database(tmp_path / "a.db", work)


def test_who_is_disabled_or_deleted_is_invited_no_more(tmp_path: Path) -> None:
    async def work(database: Database) -> list[object]:
        await Persons(database).insert(ADA)
        await Invitations(database).add(ONE)
        await Persons(database).update(attrs.evolve(ADA, enabled=False))
        disabled = await Invitations(database).all(150)
        await Invitations(database).add(ONE)
        await Persons(database).delete(ADA.id)
        return [disabled, await Invitations(database).all(150)]

    assert [[], []] == with_database(tmp_path / "a.db", work)
