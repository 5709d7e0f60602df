"""Tokens go where their owners go, at once and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import Token
from aihub_lite.gateway.people.ownership import given_to
from tests.support.inprocess import AT_REST, House, open_house, streamed
from tests.support.upstream.answers import USAGE


def run(directory: Path, story: Callable[[House], Awaitable[None]]) -> None:
    """Play a story on the gateway of this directory, as after a start."""

    async def play() -> None:
        async with open_house(directory) as house:
            await story(house)

    asyncio.run(play())


async def token_of(house: House, person: str | None = None, team: str | None = None) -> tuple[Token, str]:
    """A token of a person or a team, and its key."""
    people = house.gateway.people
    token, key = await house.add_token()
    return await house.gateway.registry.tokens.edit(token.id, lambda each: given_to(people, each, person, team)), key


async def status_with(house: House, key: str) -> int:
    return (await house.ask(key).served()).status


def teams_of_tokens(house: House) -> list[str]:
    """The name of each token's team, oldest token first."""
    names = {team.id: team.name for team in house.gateway.people.teams.values()}
    return [names.get(token.team_id, "") for token in house.gateway.registry.tokens.all]


async def set_enabled(house: House, name: str, enabled: bool) -> None:
    await house.gateway.people.edit_person(name, lambda person: attrs.evolve(person, enabled=enabled))


def test_a_disabled_persons_tokens_open_nothing_until_they_are_back(tmp_path: Path) -> None:
    keys = []

    async def disable(house: House) -> None:
        await house.add_channel()
        await house.gateway.people.create_person("Ada")
        _, key = await token_of(house, "Ada")
        _, other = await house.add_token()
        keys.extend([key, other])
        assert [200, 200] == [await status_with(house, each) for each in keys]
        await set_enabled(house, "Ada", enabled=False)
        assert [401, 200] == [await status_with(house, each) for each in keys]
        assert [True, True] == [token.enabled for token in house.gateway.registry.tokens.all]

    async def bring_back(house: House) -> None:
        assert [401, 200] == [await status_with(house, each) for each in keys]
        await set_enabled(house, "Ada", enabled=True)
        assert [200, 200] == [await status_with(house, each) for each in keys]

    run(tmp_path, disable)
    run(tmp_path, bring_back)


def test_a_token_that_is_disabled_itself_stays_so_when_its_person_is_back(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        await house.gateway.people.create_person("Ada")
        token, key = await token_of(house, "Ada")
        await house.gateway.registry.tokens.edit(token.id, lambda each: attrs.evolve(each, enabled=False))
        await set_enabled(house, "Ada", enabled=False)
        await set_enabled(house, "Ada", enabled=True)
        assert 401 == await status_with(house, key)

    run(tmp_path, story)


def test_a_token_given_to_somebody_disabled_opens_nothing(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        await house.gateway.people.create_person("Ada", lambda person: attrs.evolve(person, enabled=False))
        token, key = await token_of(house, "Ada")
        assert 401 == await status_with(house, key)
        people = house.gateway.people
        await house.gateway.registry.tokens.edit(token.id, lambda each: given_to(people, each, None, None))
        assert 200 == await status_with(house, key)

    run(tmp_path, story)


def test_a_persons_tokens_draw_from_the_team_that_the_person_is_in(tmp_path: Path) -> None:
    async def move(house: House) -> None:
        people = house.gateway.people
        lab = await people.create_team("lab")
        office = await people.create_team("office")
        await people.create_person("Ada", lambda person: attrs.evolve(person, team_id=lab.id))
        await token_of(house, "Ada")
        await token_of(house, team="lab")
        await house.add_token()
        assert ["lab", "lab", ""] == teams_of_tokens(house)

        def to_office(person: Person) -> Person:
            return attrs.evolve(person, team_id=office.id)

        await people.edit_person("Ada", to_office)
        assert ["office", "lab", ""] == teams_of_tokens(house)
        balances = house.gateway.ledger.balances
        assert [token.team_id for token in house.gateway.registry.tokens.all] == [
            balances[token.id].token.team_id for token in house.gateway.registry.tokens.all
        ]

    async def look(house: House) -> None:
        assert ["office", "lab", ""] == teams_of_tokens(house)

    run(tmp_path, move)
    run(tmp_path, look)


def test_tokens_are_deleted_with_their_owner_and_nobody_elses(tmp_path: Path) -> None:
    keys = []

    async def delete(house: House) -> None:
        await house.add_channel()
        await house.gateway.people.create_person("Ada")
        await house.gateway.people.create_team("lab")
        keys.extend([(await token_of(house, "Ada"))[1], (await token_of(house, team="lab"))[1]])
        keys.append((await house.add_token())[1])
        assert [200, 200, 200] == [await status_with(house, key) for key in keys]
        await house.gateway.people.delete_person("Ada")
        await house.gateway.people.delete_team("lab")
        assert [401, 401, 200] == [await status_with(house, key) for key in keys]
        assert 1 == len(house.gateway.ledger.balances)

    async def look(house: House) -> None:
        assert [401, 401, 200] == [await status_with(house, key) for key in keys]
        assert 5 == len(await house.records())

    run(tmp_path, delete)
    run(tmp_path, look)


def test_a_person_deleted_with_requests_under_way_has_them_settled(tmp_path: Path) -> None:
    """Each is booked as that person's, and nothing stays on hold."""

    async def story(house: House) -> None:
        await house.add_channel()
        person = await house.gateway.people.create_person("Ada")
        _, key = await token_of(house, "Ada")
        gate = asyncio.Event()
        beginning, *rest = streamed("hello", "there", usage=USAGE)
        house.upstream.queue += [(200, [beginning, rest[0], gate, *rest[1:]]) for _ in range(3)]
        calls = [house.ask(key, stream=True) for _ in range(3)]
        for call in calls:
            await call.until(lambda call=call: call.pieces)  # type: ignore[misc]
        await house.gateway.people.delete_person("Ada")
        assert 401 == await status_with(house, key)
        gate.set()
        for call in calls:
            await call.served()
        records = await house.records()
        assert [(person.id, "ok")] * 3 == [(record["person_id"], record["outcome"]) for record in records]
        assert all(record["cost_nano"] > 0 for record in records)
        assert AT_REST == await house.at_rest()

    run(tmp_path, story)
