"""A gateway, its file, and a gateway made of the file are the same."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.web.admin.desk import Desk, at_desk, open_desk
from tests.web.configuration.rich import ENVIRON, PASSWORD, TYPED, make_rich

EXAMPLE = Path(__file__).parents[3] / "examples" / "gateway.toml"


async def exported(desk: Desk) -> str:
    """The file of the gateway."""
    document = (await desk.call("GET", "/export"))["document"]
    assert isinstance(document, str)
    return document


async def applied(desk: Desk, document: str, query: str = "", *, status: int = 200) -> Any:
    """What applying a file is answered."""
    return await desk.call("POST", f"/apply{query}", {"document": document}, status=status)


def names(answer: Any, sign: str) -> list[str]:
    """What became otherwise in one way, as `kind name`."""
    return [f"{change['kind']} {change['name']}" for change in answer["changes"] if change["sign"] == sign]


def test_a_file_applied_where_it_is_from_changes_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        before = await exported(desk)
        for query in ("", "?prune=true", "?dry_run=true&prune=true"):
            answer = await applied(desk, before, query)
            assert ([], [], []) == (answer["changes"], answer["kept"], answer["keys"])
        assert before == await exported(desk)

    at_desk(tmp_path, story, ENVIRON)


def test_a_file_makes_of_an_empty_gateway_the_one_that_it_is_from(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            await make_rich(desk)
            before = await exported(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            rehearsed = await applied(desk, before, "?dry_run=true")
            assert rehearsed["changes"]
            assert "[" not in (await exported(desk)).partition("\n\n")[2]
            answer = await applied(desk, before)
            assert rehearsed["changes"] == answer["changes"]
            assert before == await exported(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            assert before == await exported(desk)
            assert [] == (await applied(desk, before))["changes"]
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            assert before == await exported(desk)

    asyncio.run(play())


def test_what_was_applied_is_in_force_as_if_it_had_been_done_by_hand(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            await make_rich(desk)
            before = await exported(desk)
            shown = await _shown(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            await applied(desk, before)
            assert shown == await _shown(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            assert shown == await _shown(desk)

    asyncio.run(play())


async def _shown(desk: Desk) -> dict[str, Any]:
    """What lists show, without ids and times, by name."""
    own = {"id", "created", "last_used", "used"}
    shown: dict[str, Any] = {}
    for noun in ("tokens", "channels", "people", "teams", "models", "routes", "aliases", "prices"):
        rows = (await desk.call("GET", f"/{noun}?limit=100"))[noun]
        plain = [{name: value for name, value in row.items() if name not in own} for row in rows]
        shown[noun] = sorted(map(str, map(_without_ids, plain)))
    pots = (await desk.call("GET", "/pots"))["pots"]
    shown["pots"] = sorted(str(_without_ids(pot)) for pot in pots)
    return shown


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(inner) for name, inner in value.items() if name not in ("id", "channel_id")}
    if isinstance(value, list):
        return [_without_ids(inner) for inner in value]
    return value


def test_no_secret_stands_in_the_file_nor_in_what_is_told_of_a_change(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        document = await exported(desk)
        assert TYPED not in document
        assert PASSWORD not in document
        assert "env:K1" in document
        assert "left out" in document
        other = document.replace('{ id = "k2" }', '{ key = "sk-another-one-typed" }')
        answer = await applied(desk, other)
        assert ["channel typed"] == names(answer, "~")
        assert "sk-another" not in str(answer)
        audit = await desk.call("GET", "/audit?limit=100")
        assert "sk-another" not in str(audit)
        keys = desk.gateway.registry.channels.get("typed").keys
        assert [("k1", "env:K1"), ("k3", "sk-another-one-typed")] == [(key.id, key.ref.value) for key in keys]

    at_desk(tmp_path, story, ENVIRON)


def test_a_key_that_is_left_out_is_asked_for_where_it_is_not_known(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            await make_rich(desk, typed=True)
            document = await exported(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            message = await desk.refused("POST", "/apply", {"document": document})
            assert "channels.typed.headers: must be NAME=VALUE" in message or "channels.typed.keys.1.key: " in message
            assert [] == desk.gateway.registry.tokens.all

    asyncio.run(play())


def test_the_example_is_applied_as_it_stands(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "sk-a", "ANTHROPIC_API_KEY": "sk-b"}

    async def story(desk: Desk) -> None:
        answer = await applied(desk, EXAMPLE.read_text())
        assert ["ada-laptop", "ci"] == [made["token"] for made in answer["keys"]]
        again = await applied(desk, EXAMPLE.read_text())
        assert ([], []) == (again["changes"], again["keys"])
        assert set(tomllib.loads(EXAMPLE.read_text())) == set(tomllib.loads(await exported(desk)))
        key = answer["keys"][0]["key"]
        models = await desk.http.get("/v1/models", headers={"authorization": f"Bearer {key}"})
        assert {"gpt-5", "fast", "coding"} <= {model["id"] for model in models.json()["data"]}

    at_desk(tmp_path, story, environ)


def test_one_entry_of_the_audit_log_tells_of_each_thing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        answer = await applied(desk, EXAMPLE.read_text(), "?dry_run=true")
        assert [] == (await desk.call("GET", "/audit"))["audit"]
        answer = await applied(desk, EXAMPLE.read_text())
        entries = (await desk.call("GET", "/audit?limit=100"))["audit"]
        assert {"apply_configuration"} == {entry["action"] for entry in entries}
        told = sorted(f"{change['kind']} {change['name']}" for change in answer["changes"])
        assert told == sorted(f"{entry['kind']} {entry['object']}" for entry in entries)
        await applied(desk, EXAMPLE.read_text())
        assert len(entries) == len((await desk.call("GET", "/audit?limit=100"))["audit"])

    at_desk(tmp_path, story, {"OPENAI_API_KEY": "sk-a", "ANTHROPIC_API_KEY": "sk-b"})


LINES = {"rpm": "rpm = 5", "models": 'models = ["a"]', "budget": 'budget = "5/day"', "expires": "expires = 2099-01-31"}


@pytest.mark.parametrize("name", LINES)
def test_a_field_that_the_file_leaves_out_is_as_by_default(name: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await applied(desk, f"[tokens.ci]\n{LINES[name]}\n")
        before = await desk.call("GET", "/tokens/ci")
        answer = await applied(desk, "[tokens.ci]\n")
        assert ["token ci"] == names(answer, "~")
        after = await desk.call("GET", "/tokens/ci")
        assert before[name] and not after[name]
        assert before["hint"] == after["hint"]

    at_desk(tmp_path, story)
