"""What a reader is told when something does not work: in which words, and as a page where a page was asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import aihub_lite
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.translate import PATTERNS, translated
from tests.web.console.visitor import Visitor, at_console

CHINESE = LANGUAGES["zh"]
HAN = re.compile("[\u4e00-\u9fff]")
SOURCE = "".join(path.read_text() for path in Path(aihub_lite.__file__).parent.rglob("*.py"))
ATTRS = ("must be >= ", "must be <= ", "must be > ")
"""Said by the validators of a library."""


def test_every_refusal_in_the_catalogue_is_in_the_source() -> None:
    spoken = re.sub(r'"\s*\n\s*f?"', "", SOURCE)
    for key, _ in PATTERNS:
        pieces = re.split(r"\{\w+\}", LANGUAGES["en"].texts[key])
        beginnings = [piece.strip(". ")[:18] for piece in pieces if len(piece) > 8 and piece not in ATTRS]
        assert (key, []) == (key, [text for text in beginnings if text not in spoken])


REFUSED: list[tuple[str, str, Any]] = [
    ("POST", "/tokens", {"name": "a" * 65}),
    ("POST", "/tokens", {"name": "/a"}),
    ("POST", "/tokens", {"name": "tok_1"}),
    ("POST", "/tokens", {"name": "taken"}),
    ("POST", "/tokens", {"name": "b", "rpm": "many"}),
    ("POST", "/tokens", {"name": "b", "rpm": -1}),
    ("POST", "/tokens", {"name": "b", "quota": "lots"}),
    ("POST", "/tokens", {"name": "b", "quota": "-1"}),
    ("POST", "/tokens", {"name": "b", "quota": True}),
    ("POST", "/tokens", {"name": "b", "budget": "1/year"}),
    ("POST", "/tokens", {"name": "b", "models": ["a b"]}),
    ("POST", "/tokens", {"name": "b", "expires": "2001-01-01"}),
    ("POST", "/tokens", {"name": "b", "expires": "soon"}),
    ("POST", "/tokens", {"name": "b", "allow_ips": ["here"]}),
    ("POST", "/tokens", {"name": "b", "odd": 1}),
    ("GET", "/tokens/nobody", None),
    ("POST", "/tokens", {"name": "b", "person": "nobody"}),
    ("POST", "/tokens", {"name": "b", "person": "Ada", "team": "lab"}),
    ("GET", "/people/nobody", None),
    ("POST", "/people", {"name": "Ada"}),
    ("POST", "/people", {"name": "x", "email": "Ada"}),
    ("POST", "/people", {"name": "x", "role": "king"}),
    ("POST", "/people", {"name": "x", "email": "ada@example.org"}),
    ("POST", "/people", {"name": "ada@example.org"}),
    ("DELETE", "/people/Ada", None),
    ("POST", "/invitations", {"name": "Ada", "role": "member"}),
    ("POST", "/invitations", {"name": "Ada", "email": "eve@example.org"}),
    ("POST", "/invitations", {"name": "Ada", "team": "office"}),
    ("DELETE", "/invitations/Ada", None),
    ("GET", "/teams/nobody", None),
    ("POST", "/teams", {"name": "lab"}),
    ("DELETE", "/teams/lab", None),
    ("DELETE", "/teams/office/members/Ada", None),
    ("GET", "/channels/nobody", None),
    ("POST", "/channels", {"name": "c", "provider": "nobody"}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "models": ["m"]}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "base_url": "ftp://x", "models": ["m"]}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "base_url": "https://a@b", "models": ["m"]}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "keys": ["a b"], "models": ["m"]}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "keys": ["env:"], "models": ["m"]}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "keys": ["env:NOT_SET"]}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "keys": ["k"], "models": ["m"], "weight": 0}),
    ("POST", "/channels", {"name": "c", "provider": "openai", "keys": ["k"], "models": ["m", "m"]}),
    ("POST", "/aliases", {"alias": "a", "model": "a"}),
    ("POST", "/aliases", {"alias": "a"}),
    ("DELETE", "/aliases/nobody", None),
    ("DELETE", "/prices/nobody", None),
    ("DELETE", "/routes/nobody", None),
    ("POST", "/undelete/aliases", {"alias": "taken", "model": "m"}),
    ("POST", "/undelete/aliases", {"alias": "way", "model": "m"}),
    ("POST", "/undelete/aliases", {"alias": "gpt", "model": "m"}),
    ("POST", "/undelete/prices", {"model": "m", "price": {"input": 1, "output": 1}}),
    ("POST", "/undelete/prices", {"model": "way", "price": {"input": 1, "output": 1}}),
    ("POST", "/undelete/prices", {"model": "x", "price": {"input": 1, "output": 1, "as_of": "soon"}}),
    ("POST", "/undelete/routes", {"name": "way", "steps": [{"model": "m"}]}),
    ("POST", "/undelete/routes", {"name": "taken", "steps": [{"model": "m"}]}),
    ("POST", "/undelete/routes", {"name": "gpt", "steps": [{"model": "m"}]}),
    ("PUT", "/strategies", {"strategy": "luck"}),
    ("DELETE", "/strategies/nobody", None),
    ("POST", "/flights/nobody/stop", None),
    ("GET", "/records/nobody", None),
    ("DELETE", "/sessions/nobody", None),
    ("PATCH", "/settings", {"max_in_flight": 0}),
    ("PATCH", "/settings", {"rpm": -1}),
    ("PATCH", "/settings", {"retention_days": 10**6}),
    ("PATCH", "/settings", {"public_url": "https://a.example/$(x)"}),
    ("PATCH", "/settings", {"console_rpm": 5}),
    ("PATCH", "/pots/gateway", {"budgets": ["5"]}),
    ("PATCH", "/pots/gateway", {"budgets": ["5/year"]}),
    ("PATCH", "/pots/gateway", {"budgets": ["5/99h"]}),
    ("PATCH", "/pots/gateway", {"budgets": ["5/day", "6/day"]}),
    ("PATCH", "/pots/gateway", {"budgets": ["5/day@2026-01-01"]}),
    ("PATCH", "/pots/gateway", {"budgets": ["5/30d@2999-01-01"]}),
    ("PATCH", "/pots/nobody", {"budgets": []}),
]


def test_a_refusal_is_chinese_to_a_chinese_reader(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "taken"}, status=201)
        channel = {"name": "one", "provider": "openai", "keys": ["k"], "models": ["gpt"]}
        await visitor.call("POST", "/channels", channel, status=201)
        await visitor.call("POST", "/aliases", {"alias": "taken", "model": "m"})
        await visitor.call("POST", "/prices", {"model": "m", "input": 1, "output": 1})
        await visitor.call("POST", "/routes", {"name": "way", "steps": [{"model": "m"}]}, status=201)
        for team in ("lab", "office"):
            await visitor.call("POST", "/teams", {"name": team}, status=201)
        ada = {"name": "Ada", "role": "owner", "email": "ada@example.org", "team": "lab"}
        await visitor.call("POST", "/people", ada, status=201)
        headers = {"authorization": f"Bearer {visitor.key}", "accept-language": "zh"}
        english = []
        for method, path, body in REFUSED:
            answer = await visitor.http.request(method, f"/api/admin{path}", json=body, headers=headers)
            assert 400 <= answer.status_code < 500, (path, body)
            if not HAN.search(answer.json()["error"]["message"]):
                english.append((path, body, answer.text))
        assert [] == english

    at_console(tmp_path, story, sources={"console_rpm": "AIHUB_CONSOLE_RPM"})


def test_the_field_of_a_refusal_is_kept_in_translation() -> None:
    assert "name: 已有名为 'a b' 的令牌" == translated(CHINESE, "name: there is already a token 'a b'")
    assert "clocks.idle: 必须是整数" == translated(CHINESE, "clocks.idle: must be a whole number")


@pytest.mark.parametrize(
    "message",
    ["The moon is full.", "name: ", "", "is missing" + "!" * 1000, "{name}", "There is no token x. Or is there?"],
)
def test_a_text_that_is_in_no_catalogue_stays_as_it_is(message: str) -> None:
    assert message == translated(CHINESE, message)


def test_a_name_with_braces_stays_as_it_is() -> None:
    assert "没有令牌 '{key}'。" == translated(CHINESE, "There is no token '{key}'.")


def test_a_program_without_a_language_is_answered_in_english(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.call("GET", "/tokens/nobody", status=404)
        assert "There is no token 'nobody'." == answer["error"]["message"]

    at_console(tmp_path, story)


# Pages


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize(
    ("language", "title"), [("en", "There is no such page"), ("zh", "没有这个页面")], ids=["en", "zh"]
)
def test_a_browser_at_an_unknown_page_gets_a_page_in_its_language(
    tmp_path: Path, signed_in: bool, language: str, title: str
) -> None:
    async def story(visitor: Visitor) -> None:
        if signed_in:
            await visitor.sign_in()
        for path in ("/console/nothing", "/console/static/x/base.css", "/console/tokens/a/b/c"):
            answer = await visitor.get(path, accept_language=language)
            assert (404, "text/html") == (answer.status_code, answer.headers["content-type"].partition(";")[0])
            assert (True, answer.headers["x-request-id"] in answer.text) == (title in answer.text, True)

    at_console(tmp_path, story)


def test_a_program_at_an_unknown_page_gets_json(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for accept in ("*/*", "application/json", "text/css,*/*;q=0.1", ""):
            for path in ("/console/nothing", "/console/static/x/base.css"):
                answer = await visitor.http.get(path, headers={"accept": accept})
                assert (404, "not_found") == (answer.status_code, answer.json()["error"]["code"])

    at_console(tmp_path, story)


def test_a_browser_outside_the_console_gets_json(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/v1/nothing", "/api/admin/nothing", "/consolex", "/api", "/healthz/x"):
            assert "application/json" == (await visitor.get(path)).headers["content-type"]

    at_console(tmp_path, story)


def test_a_fault_of_ours_shows_nothing_but_the_requests_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await visitor.gateway.database.write(("DROP TABLE usage_by_model", ()))
        answer = await visitor.get("/console")
        assert (500, True) == (answer.status_code, "Something went wrong here" in answer.text)
        assert ("usage_by_model" in answer.text, answer.headers["x-request-id"] in answer.text) == (False, True)
        assert "DENY" == answer.headers["x-frame-options"]
        assert answer.headers["x-request-id"] in caplog.text
        program = await visitor.http.get("/api/admin/overview")
        assert (500, "internal_error") == (program.status_code, program.json()["error"]["code"])

    at_console(tmp_path, story)


def test_a_form_of_another_site_is_refused_on_a_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.post(
            "/console/sign-out",
            headers={"origin": "http://evil.example", "accept": "text/html", "accept-language": "zh"},
        )
        assert (403, True) == (answer.status_code, "该请求来自其他网站。" in answer.text)

    at_console(tmp_path, story)


def test_an_odd_address_is_escaped(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/console/<img src=x>", "/console/%3Cimg%20src=x%3E", "/console/tokens/<img>"):
            assert "<img" not in (await visitor.get(path)).text

    at_console(tmp_path, story)
