"""How clients label their requests, from the request to the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.console.visitor import Visitor, at_console

MESSAGES = [{"role": "user", "content": "Hello!"}]
TAGGED = {"metadata": {"project": "alpha", "note": "a whole text"}, "user": "u-17"}
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "chat/completions": ({"messages": MESSAGES, **TAGGED}, ["night", "project=alpha"]),
    "responses": ({"input": "Hello!", **TAGGED}, ["night", "project=alpha"]),
    "messages": ({"messages": MESSAGES, "max_tokens": 9, "metadata": {"user_id": "u-17"}}, ["night"]),
    "embeddings": ({"input": "Hello!", **TAGGED}, ["night", "project=alpha"]),
}


async def key_for_demo(visitor: Visitor) -> str:
    """A token's key, and a channel that answers `demo`."""
    await visitor.call("POST", "/channels", {"name": "d", "provider": "demo", "models": ["demo"]}, status=201)
    token = await visitor.call("POST", "/tokens", {"name": "laptop"}, status=201)
    return str(token["key"])


async def ask(visitor: Visitor, path: str, body: dict[str, Any], key: str, **headers: str) -> None:
    """One request that is answered."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await visitor.http.post(
        f"/v1/{path}", json={"model": "demo", **body}, headers={"authorization": f"Bearer {key}", **named}
    )
    assert 200 == answer.status_code, answer.text


@pytest.mark.parametrize("path", CASES)
def test_a_record_has_the_labels_of_its_request(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        body, tags = CASES[path]
        await ask(visitor, path, body, await key_for_demo(visitor), x_aihub_tags="night, two words")
        (record,) = (await visitor.call("GET", "/records"))["records"]
        assert (tags, "u-17") == (record["tags"], record["end_user"])

    at_console(tmp_path, story)


def test_a_request_without_labels_has_none_in_its_record(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await ask(visitor, "chat/completions", {"messages": MESSAGES}, await key_for_demo(visitor))
        (record,) = (await visitor.call("GET", "/records"))["records"]
        assert ([], None) == (record["tags"], record["end_user"])

    at_console(tmp_path, story)
