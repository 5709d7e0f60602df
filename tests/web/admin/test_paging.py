"""Lists of thousands: page after page, bounded, in an order that nothing made or deleted meanwhile disturbs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.storage.crowd import crowd_token, fill
from tests.web.admin.desk import Desk, at_desk, open_desk

pytestmark = pytest.mark.extended

MANY = 10_000
MOST_BYTES = 256 * 1024
LONG = 60
"""Characters of a model's id that is long."""
NOUNS = ("tokens", "models", "prices", "aliases", "channels")


def with_crowd(directory: Path, story: Callable[[Desk], Awaitable[None]], **counts: int) -> None:
    async def play() -> None:
        await fill(directory / "data", **counts)
        async with open_desk(directory / "data", {}) as desk:
            await story(desk)

    asyncio.run(play())


async def offer(desk: Desk, name: str, *models: str) -> None:
    """A channel at which no table knows a price."""
    for model in models:
        desk.gateway.registry.live_catalog.default_prices["openai", model] = None
    body = {"name": name, "base_url": "https://x.example/v1", "keys": ["sk-1"], "models": models}
    await desk.call("POST", "/channels", body, status=201)


async def pages(desk: Desk, noun: str, query: str = "") -> list[list[dict[str, Any]]]:
    """Every page of a list, as a program reads it; none is larger than it may be."""
    rows = []
    after = ""
    while True:
        answer = await desk.http.get(f"/api/admin/{noun}?after={quote(after)}&{query}")
        assert (200, True) == (answer.status_code, len(answer.content) <= MOST_BYTES), answer.text[:200]
        page = answer.json()
        assert {noun, "more", "after"} == set(page)
        assert page["more"] == (page["after"] is not None)
        rows.append(page[noun])
        if not page["more"]:
            return rows
        after = page["after"]


async def names(desk: Desk, query: str = "") -> list[str]:
    return [token["name"] for page in await pages(desk, "tokens", query) for token in page]


def test_ten_thousand_tokens_are_listed_whole_a_hundred_at_a_time_oldest_first(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        listed = await pages(desk, "tokens")
        assert {100} == {len(page) for page in listed}
        assert [crowd_token(number).name for number in range(MANY)] == [row["name"] for page in listed for row in page]

    with_crowd(tmp_path, story, tokens=MANY)


def test_nothing_is_missed_or_told_twice_while_tokens_come_and_go(tmp_path: Path) -> None:
    """Among those that go are the very tokens at which pages end, which share their second with the next ones."""
    stay = {crowd_token(number).name for number in range(1000) if number % 3 == 0}

    async def story(desk: Desk) -> None:
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await desk.call("GET", f"/tokens?limit=10&after={after}")
            seen += [token["name"] for token in page["tokens"]]
            after = page["after"]
            if seen[-1] not in stay:
                await desk.call("DELETE", f"/tokens/{quote(seen[-1])}")
            await desk.call("POST", "/tokens", {"name": f"new {len(seen)}"}, status=201)
        assert len(seen) == len(set(seen))
        assert stay <= set(seen)

    with_crowd(tmp_path, story, tokens=1000)


def test_a_token_keeps_its_place_when_it_is_edited_or_gets_another_key(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/tokens/person%20000001", {"rpm": 5})
        await desk.call("POST", "/tokens/person%20000002/rotate")
        assert [crowd_token(number).name for number in range(20)] == await names(desk, "limit=3")

    with_crowd(tmp_path, story, tokens=20)


@pytest.mark.parametrize("q", ["000123", "PERSON%20000123", " n 000123 "])
def test_a_search_finds_tokens_on_whatever_page_they_are(tmp_path: Path, q: str) -> None:
    async def story(desk: Desk) -> None:
        assert ["person 000123"] == await names(desk, f"q={q}")

    with_crowd(tmp_path, story, tokens=500)


def test_a_search_has_pages_too(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert [f"person 000{number}" for number in range(100, 200)] == await names(desk, "q=person%200001&limit=7")

    with_crowd(tmp_path, story, tokens=1000)


def test_thousands_of_models_with_many_channels_are_listed_whole_in_pages_of_bounded_size(tmp_path: Path) -> None:
    ids = [f"{'m' * LONG}-{number:04}" for number in range(1000)]

    async def story(desk: Desk) -> None:
        for channel in range(4):
            await offer(desk, f"channel {channel}", *ids)
        models = [model["id"] for page in await pages(desk, "models") for model in page]
        assert ids == models
        prices = [(row["model"], row["channel"]) for page in await pages(desk, "prices") for row in page]
        assert [(model, f"channel {number}") for model in ids for number in range(4)] == prices
        found = [row["model"] for page in await pages(desk, "prices", "q=-0007") for row in page]
        assert [f"{'m' * LONG}-0007"] * 4 == found

    with_crowd(tmp_path, story)


def test_a_page_of_large_rows_ends_before_it_has_a_hundred(tmp_path: Path) -> None:
    """A channel lists all its models: a hundred aggregators would be an answer of megabytes."""

    async def story(desk: Desk) -> None:
        for number in range(12):
            await offer(desk, f"aggregator {number:02}", *(f"{'m' * LONG}-{model}" for model in range(1000)))
        listed = await pages(desk, "channels")
        assert [f"aggregator {number:02}" for number in range(12)] == [row["name"] for page in listed for row in page]
        assert len(listed) > 3

    with_crowd(tmp_path, story)


def test_a_row_that_is_larger_than_a_page_is_one_by_itself(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(3):
            await offer(desk, f"huge {number}", *(f"{'m' * LONG}-{model}" for model in range(5000)))
        answers = []
        after = ""
        for _ in range(3):
            answers.append(await desk.call("GET", f"/channels?after={after}"))
            after = answers[-1]["after"]
        assert [["huge 0"], ["huge 1"], ["huge 2"]] == [[row["name"] for row in page["channels"]] for page in answers]
        assert answers[-1]["more"] is False

    with_crowd(tmp_path, story)


def test_aliases_and_prices_of_nothing_are_listed_whole(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        aliases = [row["alias"] for page in await pages(desk, "aliases") for row in page]
        prices = [row["model"] for page in await pages(desk, "prices") for row in page]
        assert ([f"alias-{number:06}" for number in range(1234)], [f"priced-{number:06}" for number in range(777)]) == (
            aliases,
            prices,
        )
        found = [row["alias"] for page in await pages(desk, "aliases", "q=-0012") for row in page]
        assert [f"alias-0012{number:02}" for number in range(34)] == found

    with_crowd(tmp_path, story, aliases=1234, prices=777)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "after=x", "after=W10", "after=%C3%A9", "after=e30"]
)
def test_a_page_that_nobody_said_is_refused(tmp_path: Path, noun: str, query: str) -> None:
    async def story(desk: Desk) -> None:
        said = await desk.refused("GET", f"/{noun}?{query}")
        assert query == "limit=x" or query.partition("=")[0] in said

    at_desk(tmp_path, story)


@pytest.mark.parametrize("noun", NOUNS)
def test_a_list_of_nothing_is_a_page_of_nothing(tmp_path: Path, noun: str) -> None:
    async def story(desk: Desk) -> None:
        assert {noun: [], "more": False, "after": None} == await desk.call("GET", f"/{noun}")

    at_desk(tmp_path, story)


async def longest_step(work: Awaitable[httpx.Response]) -> tuple[float, int]:
    """CPU seconds of the longest turn of the loop until the work is done, and how many turns others had meanwhile."""
    task = asyncio.ensure_future(work)
    longest = 0.0
    turns = 0
    while not task.done():
        began = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - began)
        turns += 1
    assert 200 == task.result().status_code, task.result().text
    return longest, turns


@pytest.mark.parametrize(
    "path", ["tokens", "tokens?q=person%20009", "aliases", "prices", "prices?q=priced-0099", "models", "overview"]
)
def test_others_go_on_while_ten_thousand_of_a_kind_are_listed(tmp_path: Path, path: str) -> None:
    """262 ms of every stream's time went into one list of tokens. What is counted is the loop's own time, the least
    of three: how busy the machine is does not matter."""

    async def story(desk: Desk) -> None:
        steps = [(await longest_step(desk.http.get(f"/api/admin/{path}")))[0] for _ in range(3)]
        assert min(steps) < 0.08

    with_crowd(tmp_path, story, tokens=MANY, aliases=MANY, prices=MANY)


@pytest.mark.parametrize("headers", [{}, {"anthropic-version": "2023-06-01"}], ids=["openai", "anthropic"])
def test_clients_list_thousands_of_models_in_one_answer_and_everybody_has_turns_meanwhile(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    ids = [f"vendor/model-{number:04}" for number in range(3000)]

    async def story(desk: Desk) -> None:
        await offer(desk, "aggregator", *ids)
        await desk.call("POST", "/aliases", {"alias": "best", "model": ids[0]})
        key = (await desk.call("POST", "/tokens", {"name": "a"}, status=201))["key"]
        answers: list[httpx.Response] = []

        async def ask() -> httpx.Response:
            said = {"authorization": f"Bearer {key}", **headers}
            answers.append(await desk.http.get("/v1/models", headers=said))
            return answers[-1]

        _, turns = await longest_step(ask())
        # A hundred at a time are looked at, and then written.
        assert turns >= 2 * len(ids) // 100
        page = answers[0].json()
        assert ["best", *ids] == [entry["id"] for entry in page["data"]]
        assert page.get("first_id", "best") == "best"
        assert page.get("last_id", ids[-1]) == ids[-1]
        assert bool(headers) == ("last_id" in page)

    with_crowd(tmp_path, story)
