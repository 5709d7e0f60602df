"""What the token pages show, and what the Connect light is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.storage.journal import Journal
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.tokens import state_of
from aihub_lite.web.reports.token_usage import limit_rows
from tests.storage.facts import record
from tests.support.gateway import unique
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console

ODD = "A\"'><img src=x onerror=alert(1)>{{7*7}}"
PROMISED = [
    *("ChatBox", "LobeChat", "Cherry Studio", "Cursor", "Continue", "Aider", "Open WebUI", "LibreChat"),
    *("Claude Code", "Codex", "curl", "Python", "Node", "Go"),
]


def token(**fields: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "person_enabled": True,
        "paused": None,
        "expired": False,
        "left_usd": None,
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "active"),
        ({"enabled": False, "expired": True}, "disabled"),
        ({"person_enabled": False}, "owner_disabled"),
        ({"expired": True}, "expired"),
        ({"expired": True, "left_usd": 0.0}, "expired"),
        ({"paused": {"holder": "token"}, "left_usd": 0.0}, "paused"),
        ({"left_usd": 0.0}, "exhausted"),
        ({"left_usd": 0.01}, "active"),
    ],
)
def test_a_token_is_shown_in_its_state(fields: dict[str, Any], expected: str) -> None:
    assert expected == state_of(token(**fields))


def test_names_are_escaped_on_token_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": ODD, "group": ODD, "models": [ODD[:5]]}, status=201)
        await visitor.sign_in()
        for path in ["/console/tokens", f"/console/tokens/{created['id']}", "/console/tokens/new"]:
            text = await visitor.page(path)
            assert ("<img" in text, "{{7*7}}" in text) == (False, True)

    at_console(tmp_path, story)


def test_no_page_holds_inline_scripts_or_styles(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": "a", "quota": "1"}, status=201)
        await visitor.sign_in()
        for path in ["/console", "/console/tokens", f"/console/tokens/{created['id']}", "/console/tokens/new"]:
            text = await visitor.page(path)
            assert [] == re.findall(r"<script(?![^>]* src=)[^>]*>|<style|\sstyle=|\son\w+=", text)

    at_console(tmp_path, story)


def test_a_tokens_page_does_not_show_its_key(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await visitor.sign_in()
        assert created["key"] not in await visitor.page(f"/console/tokens/{created['id']}")

    at_console(tmp_path, story)


def test_an_unknown_token_has_no_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 404 == (await visitor.get("/console/tokens/nobody")).status_code

    at_console(tmp_path, story)


def test_every_promised_client_is_offered(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/tokens/new")
        offered = [name for name in PROMISED if f'id="panel-{name.lower().replace(" ", "-")}"' in text]
        assert PROMISED == offered

    at_console(tmp_path, story)


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
def test_a_refused_call_is_seen_with_its_error(tmp_path: Path, path: str, code: str) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        assert {"seen": None} == await visitor.call("GET", "/tokens/a/sighting")
        await chat(visitor, path, created["key"])
        seen = await visitor.call("GET", "/tokens/a/sighting")
        assert (code, path, "OpenAI/Python 3.54.0") == (seen["error"]["code"], seen["path"], seen["client"])

    at_console(tmp_path, story)


def test_an_answered_call_is_seen_without_an_error(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await visitor.http.get("/v1/models", headers={"authorization": f"Bearer {created['key']}"})
        seen = await visitor.call("GET", "/tokens/a/sighting")
        assert ("/v1/models", None) == (seen["path"], seen["error"])

    at_console(tmp_path, story)


def test_a_rotation_forgets_calls_with_the_old_key(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        await chat(visitor, "/v1/chat/completions", created["key"])
        await visitor.call("POST", "/tokens/a/rotate")
        await chat(visitor, "/v1/chat/completions", created["key"])
        assert {"seen": None} == await visitor.call("GET", "/tokens/a/sighting")

    at_console(tmp_path, story)


def test_a_call_of_a_disabled_token_is_seen_with_its_error(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        created = await visitor.call("POST", "/tokens", {"name": "a", "enabled": False}, status=201)
        await chat(visitor, "/v1/chat/completions", created["key"])
        assert "invalid_api_key" == (await visitor.call("GET", "/tokens/a/sighting"))["error"]["code"]

    at_console(tmp_path, story)


async def used(visitor: Visitor, token: dict[str, Any], **fields: Any) -> None:
    """A request of a token is on record."""
    row = record(unique("r"), started_ms=int(visitor.clock.wall() * 1000), token_id=token["id"], **fields)
    await Journal(visitor.gateway.database).settle(row)


def test_a_tokens_page_says_what_it_used_and_asked_last(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "Ana & Co"}, status=201)
        other = await visitor.call("POST", "/tokens", {"name": "other"}, status=201)
        await used(visitor, token, model="m-1", cost_nano=2_000_000_000)
        for _ in range(2):
            await used(visitor, token, model="m-2", outcome="error", status=502, error_code="upstream_error")
        await used(visitor, other, model="m-3", cost_nano=5_000_000_000, outcome="cut_off")
        await visitor.sign_in()
        text = await visitor.page(f"/console/tokens/{token['id']}")
        assert (True, True, False) == tuple(f">{model}<" in text for model in ("m-1", "m-2", "m-3"))
        recent = text[text.index('id="recent"') :].partition("</table>")[0]
        assert (1, 2) == (recent.count("Answered"), recent.count('<span class="chip bad">Failed</span>'))
        assert "/console/requests?token=Ana%20%26%20Co&amp;model=m-1" in text
        assert "66.7 %" in text or "67 %" in text

    at_console(tmp_path, story)


@pytest.mark.parametrize(("language", "words"), [("en", "In use: its last call was"), ("zh", "使用中：最近一次请求在")])
def test_the_page_of_a_token_that_was_used_waits_for_no_first_call(tmp_path: Path, language: str, words: str) -> None:
    """What was seen before a restart is forgotten, but it is on record."""

    async def story(visitor: Visitor) -> None:
        fresh = await visitor.call("POST", "/tokens", {"name": "fresh"}, status=201)
        token = await visitor.call("POST", "/tokens", {"name": "old"}, status=201)
        await used(visitor, token)
        await visitor.sign_in()
        signals = []
        for each in (token, fresh):
            text = await visitor.page(f"/console/tokens/{each['id']}", accept_language=language)
            signal = text.partition("data-signal>")[2].partition("</p>")[0]
            signals.append(("light good" in signal, words in signal))
        assert [(True, True), (False, False)] == signals

    at_console(tmp_path, story)


def test_a_tokens_limits_are_bars_with_what_is_used_now(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        body = {"name": "a", "quota": "4", "budget": "2/day", "rpm": 10, "tpm": 1000, "concurrency": 3}
        created = await visitor.call("POST", "/tokens", body, status=201)
        token = visitor.gateway.registry.tokens.get("a")
        visitor.gateway.ledger.balances[token.id].charge(1_000_000_000, visitor.clock.wall())
        for _ in range(4):
            visitor.gateway.limits.request(token)
        await visitor.sign_in()
        with visitor.gateway.limits.slot(token), visitor.gateway.limits.tokens(token, 250):
            rows = limit_rows(visitor.gateway, token)
            text = await visitor.page(f"/console/tokens/{created['id']}")
        assert {
            "rpm": (4, 10),
            "tpm": (250, 1000),
            "concurrency": (1, 3),
        } == {row["limit"]: (row["used"], row["of"]) for row in rows}
        assert 5 == text.count('<svg class="track')

    at_console(tmp_path, story)


def test_a_token_without_limits_says_so(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "a", "rpm": 0}, status=201)
        await visitor.sign_in()
        assert "It has no limits." in await visitor.page("/console/tokens/a")

    at_console(tmp_path, story)


def test_tokens_are_ordered_by_name_by_what_they_spent_and_by_their_last_use(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for name in ("b", "a", "c"):
            token = await visitor.call("POST", "/tokens", {"name": name}, status=201)
            visitor.gateway.ledger.balances[token["id"]].charge(ord(name) * 10**9, visitor.clock.wall())
            if name != "a":
                visitor.clock.ahead += 60
                await used(visitor, token)
        await visitor.sign_in()
        orders = {}
        for sort in ("name", "-name", "spent", "-spent", "-used"):
            text = await visitor.page(f"/console/tokens?sort={sort}")
            orders[sort] = "".join(re.findall(r'<a class="whole" href="[^"]+">(.)</a>', text))
        assert {"name": "abc", "-name": "cba", "spent": "abc", "-spent": "cba", "-used": "cba"} == orders

    at_console(tmp_path, story)


def test_the_list_says_of_which_tokens_requests_fail(tmp_path: Path) -> None:
    """In the last day, as of channels; only each token's own page said it."""

    async def story(visitor: Visitor) -> None:
        for name, failed, hours in (("a", 0, 1), ("b", 1, 1), ("c", 3, 30)):
            token = await visitor.call("POST", "/tokens", {"name": name}, status=201)
            for number in range(4):
                outcome = {"outcome": "error", "status": 502} if number < failed else {}
                await book(visitor, unique("r"), hours, token_id=token["id"], token=name, **outcome)
        await visitor.sign_in()
        text = await visitor.page("/console/tokens?sort=-errors")
        shares = re.findall(r'<a class="whole" href="[^"]+">(.)</a>.*?data-label="Errors">([^<]+)<', text, re.DOTALL)
        assert {"a": "0 %", "b": "25 %", "c": "–"} == dict(shares)
        assert "b" == shares[0][0]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        ({}, False),
        ({"quota": "5", "models": ["demo"], "expires": "2030-01-01T00:00:00Z"}, False),
        ({"group": "lab"}, True),
        ({"rpm": 0}, True),
        ({"tpm": 1000}, True),
        ({"concurrency": 2}, True),
        ({"allow_ips": ["10.0.0.0/8"]}, True),
    ],
)
def test_the_rarer_fields_of_a_token_are_open_where_one_is_set(
    tmp_path: Path, fields: dict[str, Any], is_open: bool
) -> None:
    """Eleven fields stood in the form of a new token, of which most need one."""

    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "t", **fields}, status=201)
        await visitor.sign_in()
        assert is_open == ('<details class="more" open>' in await visitor.page("/console/tokens/t"))
        assert '<details class="more">' in await visitor.page("/console/tokens/new")

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("owner", "language", "expected"),
    [
        ({}, "en", "<dd>The gateway</dd>"),
        ({}, "zh", "<dd>网关</dd>"),
        ({"person": "Ada"}, "en", '<dd><a href="/console/people/Ada">Ada</a></dd>'),
        ({"team": "red"}, "zh", '<dd><a href="/console/people/teams/red">red</a></dd>'),
    ],
)
def test_a_tokens_page_says_whose_it_is(tmp_path: Path, owner: dict[str, str], language: str, expected: str) -> None:
    """It said so of people and teams alone, and nothing where the gateway pays."""

    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/people", {"name": "Ada"}, status=201)
        await visitor.call("POST", "/teams", {"name": "red"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "t", **owner}, status=201)
        await visitor.sign_in()
        label = LANGUAGES[language]("token.owner")
        page = await visitor.page("/console/tokens/t", accept_language=language)
        assert f"<dt>{label}</dt>{expected}" in page

    at_console(tmp_path, story)


def test_the_errors_of_a_token_lead_to_its_failures_which_stand_beside_its_requests(tmp_path: Path) -> None:
    """They stood below all that is said of clients, where nobody looked for them."""

    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "t"}, status=201)
        whose = {"token_id": token["id"], "token": "t"}
        await book(visitor, "good", **whose)
        await visitor.sign_in()
        assert 'href="#failures"' not in await visitor.page("/console/tokens/t")
        await book(visitor, "bad", **whose, outcome="error", error_code="upstream_error")
        page = await visitor.page("/console/tokens/t")
        places = [page.index(part) for part in ('id="recent"', 'id="failures"', "data-signal", 'id="hand-over"')]
        assert sorted(places) == places
        assert '<a href="#failures">50 %</a>' in page
        assert 'href="/console/requests?token=t&amp;outcome=failed"' in page

    at_console(tmp_path, story)
