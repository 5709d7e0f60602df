"""People and teams: what an admin changes is checked, lasting and seen at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.clock import SystemClock
from aihub_lite.domain.people.person import Person
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.state.changes import Changes
from aihub_lite.storage.sqlite.database import Database


def run(directory: Path, story: Callable[[PeopleRegistry], Coroutine[Any, Any, None]]) -> None:
    """Play a story on the registry of this directory, as after a start."""

    async def play() -> None:
        async with await Database.open(directory / "test.db") as database:
            await story(await PeopleRegistry.open(database, SystemClock(), Changes()))

    asyncio.run(play())


def owner(person: Person) -> Person:
    return attrs.evolve(person, role="owner")


def test_people_and_teams_are_there_after_a_restart(tmp_path: Path) -> None:
    async def make(people: PeopleRegistry) -> None:
        team = await people.create_team("research")
        await people.create_person("Ada", lambda person: attrs.evolve(person, email="Ada@Example.org", team_id=team.id))
        await people.create_person("Bob", owner)

    async def look(people: PeopleRegistry) -> None:
        team = people.team("research")
        assert ["Ada"] == [person.name for person in people.members(team)]
        assert ("ada@example.org", "member") == (people.person("Ada").email, people.person("Ada").role)
        assert people.person("ada@example.org") == people.person(people.person("Ada").id)
        assert "owner" == people.person("Bob").role

    run(tmp_path, make)
    run(tmp_path, look)


@pytest.mark.parametrize(
    "changes",
    [{"name": "a/b"}, {"role": "king"}, {"email": "nobody"}, {"email": "a@b, c@d"}, {"team_id": "team_none"}],
    ids=lambda changes: next(iter(changes)),
)
def test_what_nobody_can_be_is_refused_by_field(tmp_path: Path, changes: dict[str, Any]) -> None:
    async def story(people: PeopleRegistry) -> None:
        field = next(iter(changes)).removesuffix("_id")
        with pytest.raises(InvalidRequest, match=f"{field}:"):
            await people.create_person("Ada", lambda person: attrs.evolve(person, **changes))
        assert {} == people.persons

    run(tmp_path, story)


def test_no_two_people_share_a_name_or_an_address(tmp_path: Path) -> None:
    async def story(people: PeopleRegistry) -> None:
        await people.create_person("Ada", lambda person: attrs.evolve(person, email="ada@example.org"))
        with pytest.raises(Conflict):
            await people.create_person("ADA")
        with pytest.raises(Conflict):
            await people.create_person("Bob", lambda person: attrs.evolve(person, email="ADA@example.org"))

    run(tmp_path, story)


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.delete_person("Ada"),
        lambda people: people.edit_person("Ada", lambda person: attrs.evolve(person, role="admin")),
        lambda people: people.edit_person("Ada", lambda person: attrs.evolve(person, enabled=False)),
    ],
    ids=["deleted", "demoted", "disabled"],
)
def test_the_last_owner_stays_one(tmp_path: Path, change: Callable[[PeopleRegistry], Any]) -> None:
    async def story(people: PeopleRegistry) -> None:
        await people.create_person("Ada", owner)
        await people.create_person("Bob")
        with pytest.raises(Conflict):
            await change(people)
        await people.edit_person("Bob", owner)
        await change(people)

    run(tmp_path, story)


def test_a_team_with_members_is_not_deleted(tmp_path: Path) -> None:
    async def story(people: PeopleRegistry) -> None:
        team = await people.create_team("research")
        await people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))
        with pytest.raises(Conflict):
            await people.delete_team("research")
        await people.edit_person("Ada", lambda person: attrs.evolve(person, team_id=""))
        await people.delete_team("research")
        with pytest.raises(NotFound):
            people.team("research")

    run(tmp_path, story)


def test_listeners_hear_of_a_person_before_and_after(tmp_path: Path) -> None:
    async def story(people: PeopleRegistry) -> None:
        heard: list[tuple[str, ...]] = []

        async def listen(before: Person | None, after: Person | None) -> None:
            heard.append(tuple("" if person is None else person.name for person in (before, after)))

        people.on_person.append(listen)
        await people.create_person("Ada")
        await people.edit_person("Ada", lambda person: attrs.evolve(person, name="Eve"))
        await people.delete_person("Eve")
        assert [("", "Ada"), ("Ada", "Eve"), ("Eve", "")] == heard

    run(tmp_path, story)
