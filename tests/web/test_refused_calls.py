"""A call that is refused before it has a usage record is found all the same: by its id, on lists, by its token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.token import Token
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.requests.refusals import Refusal, Refusals
from aihub_lite.web.app import create_app
from tests.support.asgi import Call, post
from tests.support.inprocess import CHAT, MODEL, House, chat_request, open_house

STRANGE = "sk-nobodys-0123456789abcdef0123456789abcdef"


@attrs.frozen
class Caller:
    """Somebody with a key of ours."""

    house: House
    token: Token
    key: str

    async def ask(self, path: str = CHAT, key: str | None = None, method: str = "POST", **body: Any) -> Call:
        call = post(path, self.key if key is None else key, {**chat_request(), **body})
        call.method = method
        return await call.start(self.house.app).served()

    async def refusals(self) -> list[Refusal]:
        """All there are, newest first."""
        await self.house.gateway.refusals.flush()
        return [row for _, row in await Refusals(self.house.gateway.database).page(RecordFilter())]


def visit(directory: Path, story: Callable[[Caller], Awaitable[None]], *, token: Any = None, **settings: Any) -> None:
    async def run() -> None:
        async with open_house(directory, create_app, **settings) as house:
            created, key = await house.add_token(**(token or {}))
            await house.add_channel()
            await story(Caller(house, created, key))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("token", "asked", "status", "code", "model"),
    [
        ({}, {"key": STRANGE}, 401, "invalid_api_key", ""),
        ({}, {"key": ""}, 401, "invalid_api_key", ""),
        ({"enabled": False}, {}, 401, "invalid_api_key", ""),
        ({"quota_nano": 1}, {}, 402, "insufficient_user_quota", MODEL),
        ({"models": ("other",)}, {}, 403, "model_not_allowed", MODEL),
        ({"allow_ips": ("192.0.2.0/24",)}, {}, 403, "access_denied", ""),
        ({}, {"path": "/v1/nothing"}, 404, "not_found", ""),
        ({}, {"path": "/v1/models/gpt-9", "method": "GET"}, 404, "model_not_found", "gpt-9"),
        ({}, {"path": "/v1/messages", "model": "gpt-9", "max_tokens": 5}, 404, "model_not_found", "gpt-9"),
        ({}, {"method": "GET"}, 405, "method_not_allowed", ""),
        ({}, {"user": "x" * 3000}, 413, "request_too_large", ""),
        ({}, {"path": "/v1/" + "x" * 3000}, 414, "request_too_large", ""),
        ({}, {"messages": "none"}, 400, "invalid_request", ""),
        ({}, {"model": "gpt-9"}, 503, "model_not_found", "gpt-9"),
    ],
)
def test_who_is_refused_is_found_by_the_id_of_the_answer(
    tmp_path: Path, token: dict[str, Any], asked: dict[str, Any], status: int, code: str, model: str
) -> None:
    """E1: whoever looked for `x-request-id` found nothing."""

    async def story(caller: Caller) -> None:
        call = await caller.ask(**asked)
        assert status == call.status, call.content
        (row,) = await caller.refusals()
        assert (call.answer_headers["x-request-id"],) == row.request_ids
        assert (status, code, model, 1) == (row.status, row.error_code, row.model, row.times)
        strange = "key" in asked
        assert ("", "127.0.0.1") == (row.token_id, row.network) if strange else row.token_id == caller.token.id
        assert [] == await caller.house.records()

    visit(tmp_path, story, token=token, max_body_bytes=2000)


def test_the_calls_that_a_limit_refuses_are_one_row(tmp_path: Path) -> None:
    async def story(caller: Caller) -> None:
        for _ in range(50):
            await caller.ask()
        refused = [row for row in await caller.refusals() if row.error_code == "rate_limit_exceeded"]
        assert 48 == sum(row.times for row in refused)
        assert len(refused) <= 2  # a minute may end meanwhile
        assert 2 == len(await caller.house.records())

    visit(tmp_path, story, token={"rpm": 2})


def test_a_request_that_has_a_record_is_no_refusal_too(tmp_path: Path) -> None:
    async def story(caller: Caller) -> None:
        caller.house.upstream.queue += [(400, [b'{"error": {"message": "no"}}'])]
        assert 400 == (await caller.ask()).status
        assert 200 == (await caller.ask()).status
        assert ([], 2) == (await caller.refusals(), len(await caller.house.records()))

    visit(tmp_path, story)


def test_no_key_is_kept_of_a_call_that_shows_it_everywhere(tmp_path: Path) -> None:
    async def story(caller: Caller) -> None:
        for key in (STRANGE, caller.key):
            await caller.ask(f"/v1/{key}")
            await caller.ask(f"/v1/models/{key}", method="GET")
            await caller.ask(key=key, model=key)
            call = post(CHAT, "", chat_request(key), [("user-agent", key)])
            call.query = f"key={key}"
            await call.start(caller.house.app).served()
        rows = await caller.refusals()
        assert rows
        assert [] == [row for row in rows if STRANGE in str(row) or caller.key in str(row)]

    visit(tmp_path, story)


def test_health_checks_and_the_console_are_no_calls(tmp_path: Path) -> None:
    async def story(caller: Caller) -> None:
        for path in ("/healthz", "/readyz", "/console/nothing", "/api/admin/nothing", "/api/admin/tokens"):
            await caller.ask(path)
        assert [] == await caller.refusals()

    visit(tmp_path, story)


def test_refusals_of_the_last_seconds_are_written_as_the_gateway_ends(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_house(tmp_path, create_app) as house:
            await post(CHAT, STRANGE, chat_request()).start(house.app).served()
        async with open_house(tmp_path, create_app) as house:
            rows = await Refusals(house.gateway.database).page(RecordFilter())
            assert [1] == [row.times for _, row in rows]

    asyncio.run(run())
