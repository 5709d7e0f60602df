"""What the token pages show, and what the Connect light is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.web.console.connect import CLIENTS, pieces
from aihub_lite.web.console.tokens import meter, state_of
from tests.web.console.visitor import Visitor, at_console

ODD = "A\"'><img src=x onerror=alert(1)>{{7*7}}"
PROMISED = [
    *("ChatBox", "LobeChat", "Cherry Studio", "Cursor", "Continue", "Aider", "Open WebUI", "LibreChat"),
    *("Claude Code", "Codex", "curl", "Python", "Node", "Go"),
]
NOW = "2026-11-23T12:00:00Z"


def token(**fields: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "expires": None,
        "quota": None,
        "budget": None,
        "spent_usd": "0.50",
        "spent_now_usd": "0.40",
        "left_usd": None,
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "active"),
        ({"enabled": False, "expires": "2020-01-01T00:00:00Z"}, "disabled"),
        ({"expires": "2026-11-23T12:00:00Z"}, "expired"),
        ({"expires": "2026-11-23T12:00:01Z"}, "active"),
        ({"left_usd": "0.00"}, "exhausted"),
        ({"left_usd": "0.01"}, "active"),
    ],
)
def test_a_token_is_shown_in_another_state(fields: dict[str, Any], expected: str) -> None:
    assert expected == state_of(token(**fields), NOW)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quota": "2.00"}, ("0.50", "2.00", "total", 0.25)),
        ({"budget": "0.80/week"}, ("0.40", "0.80", "week", 0.5)),
        ({"quota": "2.00", "budget": "0.80/week"}, ("0.40", "0.80", "week", 0.5)),
        ({"quota": "0.50", "budget": "0.80/day"}, ("0.50", "0.50", "total", 1.0)),
        ({"quota": "0.00"}, ("0.50", "0.00", "total", 1.0)),
    ],
)
def test_the_bar_shows_another_limit_than_the_nearest(
    fields: dict[str, Any], expected: tuple[str, str, str, float]
) -> None:
    found = meter(token(**fields))
    assert found is not None
    assert expected == tuple(found[name] for name in ("spent", "limit", "period", "share"))


def test_a_token_without_limit_gets_a_bar() -> None:
    assert meter(token()) is None


def test_names_get_into_the_page_as_markup(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": ODD, "group": ODD, "models": [ODD[:5]]}, status=201)
        await visitor.sign_in()
        for path in ["/console/tokens", f"/console/tokens/{made['id']}", "/console/tokens/new"]:
            text = await visitor.page(path)
            assert ("<img" in text, "{{7*7}}" in text) == (False, True)

    at_console(tmp_path, story)


def test_a_page_holds_script_or_style_that_its_policy_forbids(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "a", "quota": "1"}, status=201)
        await visitor.sign_in()
        for path in ["/console", "/console/tokens", f"/console/tokens/{made['id']}", "/console/tokens/new"]:
            text = await visitor.page(path)
            assert [] == re.findall(r"<script(?![^>]* src=)[^>]*>|<style|\sstyle=|\son\w+=", text)

    at_console(tmp_path, story)


def test_the_key_is_shown_again(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await visitor.sign_in()
        assert made["key"] not in await visitor.page(f"/console/tokens/{made['id']}")

    at_console(tmp_path, story)


def test_an_unknown_token_answers_a_page_of_another(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 404 == (await visitor.get("/console/tokens/nobody")).status_code

    at_console(tmp_path, story)


def test_a_client_is_not_offered(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/tokens/new")
        offered = [name for name in PROMISED if f'id="panel-{name.lower().replace(" ", "-")}"' in text]
        assert PROMISED == offered

    at_console(tmp_path, story)


def test_a_name_in_a_snippet_stays_unfilled() -> None:
    for client in CLIENTS:
        for text in (client.code, *(value for _, value in client.fields)):
            parts = pieces(text, "http://gateway")
            assert {"key", "model"} >= set(parts[1::2])
            assert [] == re.findall(r"\{(?:root|key|model)\}", "".join(parts[::2]))


async def chat(visitor: Visitor, path: str, key: str, model: str = "gpt-9") -> int:
    headers = {"authorization": f"Bearer {key}", "user-agent": "OpenAI/Python 3.54.0"}
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    return (await visitor.http.post(path, json=body, headers=headers)).status_code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/chat/completions", "model_not_found"),
        ("/chat/completions", "model_not_found"),
        ("/openai/chat", "not_found"),
        ("/v1/chat/completions/chat/completions", "not_found"),
    ],
)
def test_a_refused_call_is_not_told_to_whoever_waits_for_it(tmp_path: Path, path: str, code: str) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        assert {"seen": None} == await visitor.call("GET", "/tokens/a/sighting")
        await chat(visitor, path, made["key"])
        seen = await visitor.call("GET", "/tokens/a/sighting")
        assert (code, path, "OpenAI/Python 3.54.0") == (seen["error"]["code"], seen["path"], seen["client"])

    at_console(tmp_path, story)


def test_an_answered_call_is_shown_as_refused(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await visitor.http.get("/v1/models", headers={"authorization": f"Bearer {made['key']}"})
        seen = await visitor.call("GET", "/tokens/a/sighting")
        assert ("/v1/models", None) == (seen["path"], seen["error"])

    at_console(tmp_path, story)


def test_a_call_with_the_old_key_counts_for_the_new_one(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await chat(visitor, "/v1/chat/completions", made["key"])
        await visitor.call("POST", "/tokens/a/rotate")
        await chat(visitor, "/v1/chat/completions", made["key"])
        assert {"seen": None} == await visitor.call("GET", "/tokens/a/sighting")

    at_console(tmp_path, story)


def test_a_disabled_token_leaves_its_user_in_the_dark(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "a", "enabled": False}, status=201)
        await chat(visitor, "/v1/chat/completions", made["key"])
        assert "invalid_api_key" == (await visitor.call("GET", "/tokens/a/sighting"))["error"]["code"]

    at_console(tmp_path, story)
