"""The search of the console's pages, over all lists at once."""

from __future__ import annotations

from pathlib import Path

from aihub_lite.storage.journal import Journal
from tests.storage.facts import record
from tests.web.console.visitor import Visitor, at_console

DOWN = "http://127.0.0.1:9/v1"


async def found(visitor: Visitor, q: str) -> list[tuple[str, str, str]]:
    answer = await visitor.http.get("/console/search", params={"q": q})
    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
    return [(hit["kind"], hit["name"], hit["address"]) for hit in answer.json()["hits"]]


def test_everything_with_a_page_is_found_by_a_part_of_its_name(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "Blue team"}, status=201)
        body = {"name": "bluebird", "base_url": DOWN, "keys": ["sk-1"], "models": ["maker/blue 1".replace(" ", "-")]}
        channel = await visitor.call("POST", "/channels", body, status=201)
        route = {"name": "blue/route", "steps": [{"model": "maker/blue-1"}]}
        await visitor.call("POST", "/routes", route, status=201)
        person = await visitor.call("POST", "/people", {"name": "Ada", "email": "ada@blue.example"}, status=201)
        team = await visitor.call("POST", "/teams", {"name": "Blues"}, status=201)
        await visitor.sign_in()
        assert [
            ("token", "Blue team", f"/console/tokens/{token['id']}"),
            ("person", "Ada", f"/console/people/{person['id']}"),
            ("team", "Blues", f"/console/people/teams/{team['id']}"),
            ("channel", "bluebird", f"/console/channels/{channel['id']}"),
            ("model", "maker/blue-1", "/console/models/maker%2Fblue-1"),
            ("route", "blue/route", "/console/routes/named/blue%2Froute"),
        ] == await found(visitor, " BLUE ")
        for _, _, address in await found(visitor, "blue"):
            await visitor.page(address)

    at_console(tmp_path, story)


def test_a_request_is_found_by_its_whole_id(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await Journal(visitor.gateway.database).settle(record("0198c0ffee00", started_ms=1_000))
        await visitor.sign_in()
        assert [("request", "0198c0ffee00", "/console/requests/0198c0ffee00")] == await found(visitor, "0198c0ffee00")
        assert [] == await found(visitor, "0198c0ffee")

    at_console(tmp_path, story)


def test_a_search_for_nothing_finds_nothing(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await visitor.sign_in()
        assert ([], []) == (await found(visitor, " "), await found(visitor, "\x00<b>"))

    at_console(tmp_path, story)


def test_a_search_of_many_shows_a_few_of_each_kind(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for number in range(9):
            await visitor.call("POST", "/tokens", {"name": f"person {number}"}, status=201)
        await visitor.sign_in()
        assert 6 == len(await found(visitor, "person"))

    at_console(tmp_path, story)


def test_nobody_searches_without_a_session(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "secret name"}, status=201)
        answer = await visitor.http.get("/console/search", params={"q": "secret"})
        assert (303, False) == (answer.status_code, "secret name" in answer.text)

    at_console(tmp_path, story)
