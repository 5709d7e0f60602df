"""Passwords: what is kept of them, and what strangers who try some can cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.people.person import Person
from aihub_lite.errors import InvalidRequest, Overloaded
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.people.passwords import AT_ONCE, LONGEST, MOST_WAITING, SHORTEST, PasswordBook, check_password
from aihub_lite.storage.people.passwords import Passwords
from aihub_lite.storage.sessions import Session, Sessions

PASSWORD = "correct horse battery"


@attrs.frozen(eq=False)
class Desk:
    """A gateway with one person."""

    gateway: Gateway
    book: PasswordBook
    ada: Person


def with_book(directory: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def play() -> None:
        async with open_gateway(Settings(data_dir=directory, discover_local=False), {}) as gateway:
            ada = await gateway.people.create_person("Ada")
            await story(Desk(gateway, PasswordBook(Passwords(gateway.database)), ada))

    asyncio.run(play())


def test_a_password_is_its_persons_alone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        bob = await desk.gateway.people.create_person("Bob")
        await desk.book.set(desk.ada.id, PASSWORD, 0)
        assert await desk.book.matches(desk.ada.id, PASSWORD)
        for person_id, password in ((desk.ada.id, PASSWORD + "x"), (desk.ada.id, ""), (bob.id, PASSWORD), ("", "")):
            assert not await desk.book.matches(person_id, password)

    with_book(tmp_path, story)


def test_a_new_password_replaces_the_old_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.book.set(desk.ada.id, PASSWORD, 0)
        await desk.book.set(desk.ada.id, "another one entirely", 1)
        assert [False, True] == [
            await desk.book.matches(desk.ada.id, password) for password in (PASSWORD, "another one entirely")
        ]

    with_book(tmp_path, story)


def test_what_is_kept_is_argon2id_and_holds_no_password(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.book.set(desk.ada.id, PASSWORD, 0)
        await desk.gateway.people.create_person("Bob")
        kept = await desk.book.store.find(desk.ada.id)
        assert kept is not None
        assert kept.startswith("$argon2id$")
        files = [file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("aihub.db")]
        assert not [content for content in files if PASSWORD.encode() in content]

    with_book(tmp_path, story)


def test_one_password_has_two_hashes_for_two_people(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert await desk.book.hash(PASSWORD) != await desk.book.hash(PASSWORD)

    with_book(tmp_path, story)


def test_a_letter_with_an_accent_is_the_same_from_every_keyboard(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.book.set(desk.ada.id, "caf\u00e9 au lait noir", 0)
        assert await desk.book.matches(desk.ada.id, "cafe\u0301 au lait noir")

    with_book(tmp_path, story)


@pytest.mark.parametrize("length", [0, SHORTEST - 1, LONGEST + 1])
def test_a_password_of_an_odd_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidRequest, match=f"^password: must have {SHORTEST} to {LONGEST} characters$"):
        check_password("x" * length)


def test_who_has_no_password_costs_a_try_as_much_as_everybody_else(tmp_path: Path) -> None:
    """Else the time of a refusal tells who is there. CPU time: another program's work is none of ours."""

    async def story(desk: Desk) -> None:
        await desk.book.set(desk.ada.id, PASSWORD, 0)
        assert not await desk.book.matches(desk.ada.id, "wrong at the first")
        costs = {}
        for person_id in (desk.ada.id, "per_unknown"):
            start = time.process_time()
            for _ in range(5):
                assert not await desk.book.matches(person_id, "quite another one")
            costs[person_id] = time.process_time() - start
        assert costs["per_unknown"] > costs[desk.ada.id] / 3

    with_book(tmp_path, story)


def test_only_a_few_tries_wait_and_the_rest_is_told_to_come_back(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        tries = [desk.book.hash(PASSWORD) for _ in range(3 * MOST_WAITING)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert MOST_WAITING == sum(isinstance(result, str) for result in results)
        assert 2 * MOST_WAITING == sum(isinstance(result, Overloaded) for result in results)
        assert isinstance(await desk.book.hash(PASSWORD), str)

    with_book(tmp_path, story)


def test_going_away_starts_no_more_of_them(tmp_path: Path) -> None:
    """Strangers who hung up left their threads behind, and the next ones came on top."""

    async def story(desk: Desk) -> None:
        running: list[int] = []
        release = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            loop.call_soon_threadsafe(running.append, 1)
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

        tries = [asyncio.create_task(desk.book._in_turn(work)) for _ in range(AT_ONCE + 3)]
        while len(running) < AT_ONCE:
            await asyncio.sleep(0)
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        more = asyncio.create_task(desk.book._in_turn(work))
        for _ in range(20):
            await asyncio.sleep(0)
        assert AT_ONCE == len(running)
        release.set()
        await more

    with_book(tmp_path, story)


async def sessions_of(desk: Desk) -> list[str]:
    return sorted(session.digest for session in await Sessions(desk.gateway.database).all(0))


async def add_sessions(desk: Desk) -> None:
    """Two of Ada's, and one of the admin key."""
    for digest, person_id in (("a", desk.ada.id), ("b", desk.ada.id), ("k", "")):
        session = Session(
            digest=digest, created_at=0, expires_at=9_999_999_999, address="", client="", person_id=person_id
        )
        await Sessions(desk.gateway.database).add(session)


def test_a_new_password_ends_every_other_session_of_the_person(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add_sessions(desk)
        await desk.book.set(desk.ada.id, PASSWORD, 0, keep="a")
        assert ["a", "k"] == await sessions_of(desk)
        await desk.book.set(desk.ada.id, PASSWORD, 0)
        assert ["k"] == await sessions_of(desk)

    with_book(tmp_path, story)


def test_a_person_who_is_disabled_is_signed_out_for_good(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add_sessions(desk)
        await desk.gateway.people.edit_person("Ada", lambda person: attrs.evolve(person, enabled=False))
        await desk.gateway.people.edit_person("Ada", lambda person: attrs.evolve(person, enabled=True))
        assert ["k"] == await sessions_of(desk)

    with_book(tmp_path, story)


def test_nothing_is_left_of_how_a_deleted_person_signed_in(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add_sessions(desk)
        await desk.book.set(desk.ada.id, PASSWORD, 0, keep="a")
        await desk.gateway.people.delete_person("Ada")
        assert ["k"] == await sessions_of(desk)
        await desk.book.set(desk.ada.id, PASSWORD, 0)
        assert [] == [tuple(row) for row in await desk.gateway.database.read("SELECT * FROM passwords")]

    with_book(tmp_path, story)
