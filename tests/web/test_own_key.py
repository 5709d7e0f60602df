"""What a key learns of itself, and of nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aihub_lite.domain.token import Budget, Token
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.journal import Journal
from aihub_lite.web.app import create_app
from tests.storage.facts import record
from tests.support.inprocess import COMPLETION_COST, PROMPT_COST, House, open_house

NANO = 10**9


def at_house(directory: Path, story: Callable[[House], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with open_house(directory, create_app, **options) as house:
            await story(house)

    asyncio.run(run())


async def learned(house: House, key: str, query: str = "") -> Any:
    """The decoded answer."""
    call = await house.get("/v1/key", key, query=query)
    assert 200 == call.status, call.content
    return call.json()


async def used(house: House, token: Token, moment: float, **fields: Any) -> None:
    """One request of a token at a time in Unix seconds."""
    number = await house.gateway.database.read("SELECT count(*) FROM usage_records")
    row = record(f"r{number[0][0]}", token_id=token.id, token=token.name, started_ms=int(moment * 1000), **fields)
    await Journal(house.gateway.database).settle(row)


def test_a_key_learns_its_limits_models_and_usage(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel("gpt-5")
        await house.add_channel("claude")
        token, key = await house.add_token(
            quota_nano=5 * NANO,
            budget=Budget(nano=NANO, period="day"),
            models=("gpt-*",),
            rpm=9,
            tpm=1000,
            concurrency=2,
            expires_at=2_000_000_000,
        )
        await house.ask(key, model="gpt-5").served()
        spent = (10 * PROMPT_COST + 5 * COMPLETION_COST) / NANO
        answer = await learned(house, key)
        today = datetime.fromtimestamp(house.gateway.clock.wall() // 86_400 * 86_400, UTC)
        tomorrow = today + timedelta(days=1)
        assert {
            "object": "key",
            "name": token.name,
            "hint": token.hint,
            "created": datetime.fromtimestamp(token.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "expires": "2033-05-18T03:33:20Z",
            "spent_usd": spent,
            "held_usd": 0,
            "left_usd": 1 - spent,
            "quota_usd": 5,
            "budget": {
                "usd": 1,
                "period": "day",
                "spent_usd": spent,
                "left_usd": 1 - spent,
                "since": today.strftime("%Y-%m-%dT00:00:00Z"),
                "resets": tomorrow.strftime("%Y-%m-%dT00:00:00Z"),
            },
            "limits": {"rpm": 9, "tpm": 1000, "concurrency": 2},
            "models": ["gpt-5"],
            "budgets": [],
        } == {name: value for name, value in answer.items() if name != "usage"}
        (model,) = answer["usage"]["models"]
        assert ("gpt-5", 1, spent) == (model["model"], model["requests"], model["cost_usd"])
        assert (30, 1) == (len(answer["usage"]["days"]), answer["usage"]["days"][-1]["requests"])

    at_house(tmp_path, story)


def test_a_key_without_limits_shows_none(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token(rpm=0)
        answer = await learned(house, key)
        nothing = {"rpm": None, "tpm": None, "concurrency": None}
        assert (nothing, None, None, None, None) == tuple(
            answer[name] for name in ("limits", "quota_usd", "budget", "left_usd", "expires")
        )

    at_house(tmp_path, story)


def test_a_key_without_its_own_rate_shows_the_gateways(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token(rpm=None)
        assert house.gateway.settings.rpm == (await learned(house, key))["limits"]["rpm"]

    at_house(tmp_path, story)


def test_a_key_sees_its_own_usage_only(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        mine, key = await house.add_token(rpm=0)
        other, _ = await house.add_token(rpm=0)
        now = house.gateway.clock.wall()
        await used(house, mine, now, model="mine", cost_nano=NANO, usage=Usage(1, 2))
        await used(house, other, now, model="theirs", cost_nano=7 * NANO)
        usage = (await learned(house, key))["usage"]
        assert [("mine", 1, 1.0)] == [
            (model["model"], model["requests"], model["cost_usd"]) for model in usage["models"]
        ]
        names = ("requests", "prompt_tokens", "completion_tokens")
        assert (1, 1, 2) == tuple(sum(day[name] for day in usage["days"]) for name in names)
        assert (1, 1, 2) == tuple(usage["total"][name] for name in names)

    at_house(tmp_path, story)


def test_usage_is_cut_into_days_of_the_readers_zone(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, key = await house.add_token(rpm=0)
        zone = ZoneInfo("Asia/Kathmandu")
        now = datetime.fromtimestamp(house.gateway.clock.wall(), zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        for moment in (midnight - 1, midnight, midnight + 1, midnight - 29 * 86_400, midnight - 29 * 86_400 - 1):
            await used(house, token, moment)
        usage = (await learned(house, key, "zone=Asia/Kathmandu"))["usage"]
        days = [day["requests"] for day in usage["days"]]
        assert ([1, 2], 1, 4) == (days[-2:], days[0], sum(days))
        assert 4 == usage["models"][0]["requests"]

    at_house(tmp_path, story)


@pytest.mark.parametrize("query", ["zone=Mars/Phobos", "zone=../etc/passwd", "zone=%00"])
def test_an_unknown_zone_is_an_invalid_request(tmp_path: Path, query: str) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token()
        call = await house.get("/v1/key", key, query=query)
        assert (400, "invalid_request") == (call.status, call.code)

    at_house(tmp_path, story)


@pytest.mark.parametrize("fields", [{"enabled": False}, {"expires_at": 1}])
def test_a_dead_or_wrong_key_is_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token(**fields)
        assert [401, 401, 401] == [
            (await house.get("/v1/key", presented)).status for presented in (key, "sk-wrong", "")
        ]

    at_house(tmp_path, story)


def test_a_key_is_shown_to_its_own_addresses_only(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token(allow_ips=("10.0.0.0/8",))
        assert [200, 403] == [(await house.get("/v1/key", key, peer=peer)).status for peer in ("10.1.2.3", "192.0.2.1")]

    at_house(tmp_path, story)


def test_guesses_are_limited_and_leave_a_right_key_alone(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token()
        statuses = [(await house.get("/v1/key", f"sk-{number}")).status for number in range(22)]
        assert [401] * 20 + [429] * 2 == statuses
        assert 200 == (await house.get("/v1/key", key)).status

    at_house(tmp_path, story)


def test_looking_at_a_key_is_no_sighting_of_its_client(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, key = await house.add_token()
        await learned(house, key)
        admin = {"authorization": f"Bearer {house.gateway.run_key}"}
        call = await house.get(f"/api/admin/tokens/{token.id}/sighting", headers=list(admin.items()))
        assert {"seen": None} == call.json()

    at_house(tmp_path, story)


def test_no_cache_keeps_the_answer(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        _, key = await house.add_token()
        assert "no-store" == (await house.get("/v1/key", key)).answer_headers["cache-control"]

    at_house(tmp_path, story)
