"""What is done to many rows of a list at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.web.admin.desk import Desk, at_desk


async def add_channels(desk: Desk, *names: str) -> None:
    for name in names:
        body = {"name": name, "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "models": ["m"]}
        await desk.call("POST", "/channels", {**body, "keys": ["sk-1"]}, status=201)


async def add_tokens(desk: Desk, *names: str) -> None:
    for name in names:
        await desk.call("POST", "/tokens", {"name": name}, status=201)


ADD = {"tokens": add_tokens, "channels": add_channels}


async def shown(desk: Desk, noun: str, field: str) -> dict[str, Any]:
    rows = (await desk.call("GET", f"/{noun}"))[noun]
    return {row["name"]: row[field] for row in rows if row["name"] in ("a", "b", "c")}


@pytest.mark.parametrize("noun", ["tokens", "channels"])
def test_many_rows_are_changed_at_once_and_put_back_by_what_is_answered(tmp_path: Path, noun: str) -> None:
    async def story(desk: Desk) -> None:
        await ADD[noun](desk, "a", "b", "c")
        await desk.call("POST", f"/{noun}/b/disable")
        answer = await desk.call("POST", f"/{noun}/many", {"refs": ["a", "b"], "do": "disable"})
        assert ({"a": False, "b": False, "c": True}, []) == (await shown(desk, noun, "enabled"), answer["failed"])
        assert {"a": True, "b": False} == {row["name"]: row["was"]["enabled"] for row in answer["done"]}
        await desk.call("POST", f"/{noun}/many", {"refs": ["a"], "do": "enable"})
        assert {"a": True, "b": False, "c": True} == await shown(desk, noun, "enabled")
        answer = await desk.call("POST", f"/{noun}/many", {"refs": ["a", "c"], "do": "group", "group": "team"})
        assert {"a": "team", "b": "default", "c": "team"} == await shown(desk, noun, "group")
        assert {"default"} == {row["was"]["group"] for row in answer["done"]}
        await desk.call("POST", f"/{noun}/many", {"refs": ["a", "b"], "do": "delete"})
        assert {"c"} == set(await shown(desk, noun, "group"))

    at_desk(tmp_path, story)


def test_one_that_is_refused_leaves_the_others_done(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add_channels(desk, "a")
        registry = desk.gateway.registry.channels
        await registry.create("demo", "demo", "demo://local", lambda channel: attrs.evolve(channel, origin="builtin"))
        answer = await desk.call("POST", "/channels/many", {"refs": ["demo", "nobody", "a", "a"], "do": "delete"})
        assert ["demo", "nobody"] == [row["ref"] for row in answer["failed"]]
        assert "appears by itself at every start" in answer["failed"][0]["message"]
        assert ["a"] == [row["name"] for row in answer["done"]]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "refs: is missing"),
        ({"refs": [], "do": "enable"}, "refs: must not be empty"),
        ({"refs": ["a"], "do": "burn"}, "do: must be one of enable, disable, group, delete"),
        ({"refs": ["a"], "do": "group"}, "group: is missing"),
        ({"refs": ["a"], "do": "delete", "group": "x"}, "group: is for do: group alone"),
        ({"refs": ["a"] * 1001, "do": "delete"}, "refs: must hold at most 1000 entries"),
        ({"refs": "a", "do": "delete"}, "refs: must be a list of strings"),
    ],
)
@pytest.mark.parametrize("noun", ["tokens", "channels"])
def test_what_cannot_be_done_to_many_is_refused(tmp_path: Path, noun: str, body: dict[str, Any], message: str) -> None:
    async def story(desk: Desk) -> None:
        await add_tokens(desk, "a")
        said = await desk.refused("POST", f"/{noun}/many", body)
        # Tokens can be paused as well.
        assert message == said.removesuffix(", pause, resume")
        assert 1 == len((await desk.call("GET", "/tokens"))["tokens"])

    at_desk(tmp_path, story)
