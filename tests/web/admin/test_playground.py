"""Chat completions that an operator asks for on behalf of a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from aihub_lite import __version__
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.usage import Usages
from tests.web.admin.desk import Desk, at_desk
from tests.web.console.visitor import SAME_ORIGIN, Visitor, at_console

ASKED = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
PRICE = {"model": "demo", "input": "1000", "output": "1000"}


async def act(desk: Desk, token: str, body: Any = ASKED, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await desk.http.post(f"/api/admin/tokens/{token}/chat/completions", json=body, headers=named)


async def set_up(desk: Desk | Visitor, **fields: Any) -> None:
    """A priced demo, and a token `bob`."""
    await desk.call("POST", "/channels", {"name": "d", "provider": "demo", "models": ["demo", "other"]}, status=201)
    await desk.call("POST", "/prices", PRICE)
    await desk.call("POST", "/tokens", {"name": "bob", **fields}, status=201)


async def recorded(desk: Desk | Visitor) -> list[UsageRecord]:
    rows = await Usages(desk.gateway.database).records(RecordFilter(), before=None, limit=10)
    return [record for _, record in rows]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("body", [ASKED, {**ASKED, "stream": True}])
def test_a_token_pays_for_what_an_operator_asks_on_its_behalf(tmp_path: Path, body: Mapping[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk)
        answer = await act(desk, "bob", body)
        assert (200, True) == (answer.status_code, "Hello!" in answer.text)
        (record,) = await recorded(desk)
        spent = (await desk.call("GET", "/tokens/bob"))["spent_usd"]
        assert ("bob", "ok", answer.headers["x-request-id"]) == (record.token, record.outcome, record.request_id)
        assert float(spent) == record.cost_nano / 1e9 > 0

    at_desk(tmp_path, story)


def test_an_operators_call_is_held_to_the_tokens_limits(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk, quota="0.0001", models=["demo"], rpm=4)
        assert (402, "insufficient_user_quota") == code(await act(desk, "bob"))
        assert (403, "model_not_allowed") == code(await act(desk, "bob", {**ASKED, "model": "other"}))
        assert (400, "invalid_request") == code(await act(desk, "bob", {"model": "demo"}))
        assert (402, "insufficient_user_quota") == code(await act(desk, "bob"))
        assert (429, "rate_limit_exceeded") == code(await act(desk, "bob"))

    at_desk(tmp_path, story)


def test_a_disabled_or_unknown_token_is_refused(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk, enabled=False)
        assert [(409, "conflict"), (404, "not_found")] == [code(await act(desk, name)) for name in ("bob", "nobody")]

    at_desk(tmp_path, story)


def test_a_tokens_addresses_do_not_bind_the_operator(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk, allow_ips=["10.0.0.0/8"])
        assert 200 == (await act(desk, "bob")).status_code

    at_desk(tmp_path, story)


def test_an_operators_call_is_no_sighting_of_the_tokens_client(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk)
        await act(desk, "bob")
        await act(desk, "bob", {**ASKED, "model": "nope"})
        assert {"seen": None} == await desk.call("GET", "/tokens/bob/sighting")

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [("Mozilla/5.0 (X11) Chrome/150.0", f"playground/{__version__}"), ("OpenAI/Python 3.54.0", "OpenAI/Python 3.54.0")],
)
def test_a_browsers_call_is_recorded_as_the_playgrounds(tmp_path: Path, user_agent: str, client: str) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk)
        await act(desk, "bob", user_agent=user_agent)
        assert [client] == [record.client for record in await recorded(desk)]

    at_desk(tmp_path, story)


def test_a_session_may_call_from_its_own_site_only(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        path = "/api/admin/tokens/bob/chat/completions"
        await visitor.sign_in()
        for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert (403, "access_denied") == code(await visitor.http.post(path, json=ASKED, headers=headers))
        assert [] == await recorded(visitor)
        assert 200 == (await visitor.http.post(path, json=ASKED, headers=SAME_ORIGIN)).status_code

    at_console(tmp_path, story)


def test_a_tokens_own_key_opens_nothing_here(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        key = (await desk.call("POST", "/tokens", {"name": "eve"}, status=201))["key"]
        assert (401, "invalid_api_key") == code(await act(desk, "eve", authorization=f"Bearer {key}"))

    at_desk(tmp_path, story)


def test_what_is_tried_in_the_console_is_paid_by_its_own_token(tmp_path: Path) -> None:
    """The newest teammate paid for what an operator tried."""

    async def story(desk: Desk) -> None:
        await set_up(desk)
        shown = await desk.call("GET", "/models?token=console")
        assert (["demo", "other"], 1) == ([model["id"] for model in shown["models"]][:2], await tokens_of(desk))
        answers = await asyncio.gather(*(act(desk, "console") for _ in range(3)))
        assert [200, 200, 200] == [answer.status_code for answer in answers]
        assert {"console"} == {record.token for record in await recorded(desk)}
        assert 2 == await tokens_of(desk)
        spent = {name: (await desk.call("GET", f"/tokens/{name}"))["spent_usd"] for name in ("bob", "console")}
        assert (0, True) == (spent["bob"], spent["console"] > 0)

    at_desk(tmp_path, story)


async def tokens_of(desk: Desk) -> int:
    return len((await desk.call("GET", "/tokens"))["tokens"])


def test_the_consoles_own_token_can_be_disabled_like_any_other(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await set_up(desk)
        await act(desk, "console")
        await desk.call("POST", "/tokens/console/disable")
        assert (409, "conflict") == code(await act(desk, "console"))

    at_desk(tmp_path, story)
