"""What the front page says of the gateway."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aihub_lite.domain.channel import ListChange
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.journal import Journal
from tests.storage.facts import record
from tests.web.console.visitor import Visitor, at_console

DOWN = "http://127.0.0.1:9/v1"


async def kinds(visitor: Visitor) -> list[tuple[str, str]]:
    return [(item["kind"], item["subject"]) for item in (await visitor.call("GET", "/overview"))["attention"]]


async def set_up(visitor: Visitor) -> None:
    """A gateway with a provider and a token, that was called."""
    body = {"name": "c", "provider": "demo", "models": ["m"]}
    await visitor.call("POST", "/channels", body, status=201)
    await visitor.call("POST", "/tokens", {"name": "a", "quota": "5"}, status=201)
    await Journal(visitor.gateway.database).settle(record("first", started_ms=int(visitor.clock.wall() * 1000)))


def ticked(text: str) -> int | None:
    """How many of the first steps are ticked on the front page; None where it shows none."""
    section = re.search(r'id="steps"[^>]*>(.*?)</section>', text, re.DOTALL)
    assert section
    if "data-live hidden" in section[0]:
        return None
    return section[1].count('<li class="done">')


def test_an_empty_gateway_says_what_to_do_and_ticks_what_is_done(tmp_path: Path) -> None:
    """It said that all is well, and led to an empty list."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console")
        assert (0, False) == (ticked(text), "all is well" in text)
        await visitor.call("POST", "/channels", {"name": "c", "provider": "demo", "models": ["m"]}, status=201)
        assert 1 == ticked(await visitor.page("/console"))
        await visitor.call("POST", "/tokens", {"name": "a"}, status=201)
        assert 2 == ticked(await visitor.page("/console"))
        await Journal(visitor.gateway.database).settle(record("first", started_ms=1_000))
        assert ticked(await visitor.page("/console")) is None

    at_console(tmp_path, story)


def test_the_consoles_own_token_ticks_no_step(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await visitor.call("POST", "/tokens", {"name": "console"}, status=201)
        assert 0 == ticked(await visitor.page("/console"))

    at_console(tmp_path, story)


def test_a_gateway_without_trouble_needs_no_attention(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.sign_in()
        assert [] == await kinds(visitor)
        assert "Nothing: all is well." in await visitor.page("/console")

    at_console(tmp_path, story)


def test_the_front_page_says_what_this_month_has_cost(tmp_path: Path) -> None:
    """It had the last 24 hours only: what the month costs stood nowhere, and statistics knew 30 days, not the month."""

    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        now = datetime.fromtimestamp(visitor.clock.wall(), UTC)
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        journal = Journal(visitor.gateway.database)
        for name, moment in (("of-this-month", start), ("of-the-last", start - timedelta(seconds=1))):
            await journal.settle(record(name, started_ms=int(moment.timestamp() * 1000), cost_nano=3_000_000_000))
        await visitor.sign_in()
        text = await visitor.page("/console")
        found = re.search(r"Cost this month</dt><dd><a href=\"([^\"]+)\">([^<]+)", text)
        assert found
        month = (await visitor.call("GET", "/overview"))["month"]
        first = (await visitor.call("GET", "/records"))["records"]
        cost = sum(float(row["cost_usd"]) for row in first if row["request_id"] != "of-the-last")
        assert (f"/console/statistics?from={start:%Y-%m-%d}", f"${cost:.2f}") == found.groups()
        assert (f"{start:%Y-%m-%d}T00:00:00Z", cost) == (month["start"], float(month["cost_usd"]))
        assert "No requests in this time" not in await visitor.page(found[1])

    at_console(tmp_path, story)


def test_trouble_with_channels_needs_attention(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        body = {"name": "c", "provider": "openai", "base_url": DOWN, "keys": ["env:NOT_SET"], "models": ["m"]}
        await visitor.call("POST", "/channels", body, status=201)
        assert [("key_disabled", "c"), ("unpriced", "m")] == await kinds(visitor)
        await visitor.call("POST", "/prices", {"model": "m", "input": "1", "output": "1"})
        await visitor.call("POST", "/channels/c/disable")
        assert [] == await kinds(visitor)
        channel = visitor.gateway.registry.channels.get("c")
        await visitor.gateway.registry.channels.disable(channel.id, "the upstream wants money")
        assert [("channel_disabled", "c")] == await kinds(visitor)

    at_console(tmp_path, story)


def test_tokens_near_their_limit_or_expiry_need_attention(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        near = await visitor.call("POST", "/tokens", {"name": "near", "quota": "1"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "soon", "expires": "3d"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "later", "expires": "30d"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "off", "expires": "3d", "enabled": False}, status=201)
        visitor.gateway.ledger.balances[near["id"]].charge(850_000_000, visitor.clock.wall())
        assert [("near_limit", "near"), ("expires_soon", "soon")] == await kinds(visitor)
        await visitor.sign_in()
        assert 1 == (await visitor.page("/console/tokens")).count("Expires soon")
        assert [True, False] == [
            "Expires soon" in await visitor.page(f"/console/tokens/{name}") for name in ("soon", "later")
        ]

    at_console(tmp_path, story)


def test_a_clock_that_leapt_needs_attention_for_a_day(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "daily", "budget": "1/day"}, status=201)
        visitor.clock.leapt = 4 * 86_400
        visitor.gateway.ledger.balances[token["id"]].left(visitor.clock.wall())
        assert [("clock_leapt", "+96.0 h")] == await kinds(visitor)
        await visitor.sign_in()
        assert "+96.0 h" in await visitor.page("/console")
        visitor.clock.ahead = 86_400
        assert [] == await kinds(visitor)

    at_console(tmp_path, story)


def test_requests_that_are_not_booked_need_attention(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        visitor.gateway.ledger.lost = 3
        assert [("lost_settlements", "3")] == await kinds(visitor)
        assert 3 == (await visitor.call("GET", "/status"))["lost_settlements"]
        await visitor.sign_in()
        assert "could not be booked" in await visitor.page("/console")

    at_console(tmp_path, story)


def test_the_last_day_is_the_sum_of_its_hours(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        now = int(visitor.clock.wall() * 1000)
        journal = Journal(visitor.gateway.database)
        for number, hours in enumerate([0, 0, 5, 22, 30]):
            row = record(f"r{number}", started_ms=now - hours * 3_600_000, usage=Usage(10, 5), cost_nano=1_000_000)
            await journal.settle(row)
        overview = await visitor.call("GET", "/overview")
        assert (24, 4, 4) == (
            len(overview["hours"]),
            overview["day"]["requests"],
            sum(hour["requests"] for hour in overview["hours"]),
        )
        assert (40, 20, 0.004) == tuple(
            overview["day"][name] for name in ("prompt_tokens", "completion_tokens", "cost_usd")
        )
        assert 2 == overview["hours"][-1]["requests"]

    at_console(tmp_path, story)


def test_stopping_an_unknown_request_is_404(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert [] == await visitor.call("GET", "/flights")
        await visitor.call("POST", "/flights/x/stop", status=404)

    at_console(tmp_path, story)


def test_names_are_escaped_on_the_front_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        name = "A<img src=x>{{7*7}}"
        body = {"name": name, "provider": "openai", "base_url": DOWN, "keys": ["env:NOT_SET"], "models": ["m<img>"]}
        await visitor.call("POST", "/channels", body, status=201)
        await visitor.sign_in()
        text = await visitor.page("/console")
        assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_models_that_came_and_went_are_news(tmp_path: Path) -> None:
    change = ListChange(new=tuple(f"new-{number}" for number in range(12)), vanished=("old",))

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 'id="news-part" data-live-shown hidden>' in await visitor.page("/console")
        await visitor.gateway.registry.news.post("chn_1", "<b>one</b>", change)
        text = await visitor.page("/console")
        assert ("New: new-0, new-1," in text, "new-9 and 2 more" in text, "Gone: old" in text) == (True, True, True)
        assert "<b>one</b>" not in text

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Requests by hour", "Answered", "Failed"]), ("zh", ["每小时请求数", "成功", "失败"])],
)
def test_the_chart_says_what_it_shows(tmp_path: Path, language: str, words: list[str]) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console", accept_language=language)
        head = text.partition('id="by-hour"')[2].partition("<figure")[0]
        assert words == [word for word in words if f">{word}</" in head]

    at_console(tmp_path, story)


@pytest.mark.parametrize(("language", "words"), [("en", "unreadable answer"), ("zh", "回答无法读取")])
def test_what_is_wrong_with_a_channel_is_said_in_words(tmp_path: Path, language: str, words: str) -> None:
    async def story(visitor: Visitor) -> None:
        body = {"name": "c", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["k"], "models": ["m"]}
        channel = await visitor.call("POST", "/channels", body, status=201)
        for _ in range(10):
            visitor.gateway.health.failed(channel["id"], "nonsense")
        await visitor.sign_in()
        for path in ("/console", f"/console/channels/{channel['id']}"):
            text = await visitor.page(path, accept_language=language)
            assert (True, False) == (words in text, "nonsense" in text)

    at_console(tmp_path, story)
