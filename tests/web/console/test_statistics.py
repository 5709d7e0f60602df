"""Statistics: sums that are right in every zone, and a CSV that is the table."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.ledger import Ledger
from aihub_lite.web.admin.statistics import edges_of, zone_named
from tests.storage.facts import record
from tests.web.console.visitor import Visitor, at_console

DAY_MS = 86_400_000
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-03-29T12:00:00+02:00", 23),
        ("2026-10-25T12:00:00+01:00", 25),
        ("2026-11-23T00:00:00+01:00", 24),
    ],
)
def test_a_day_on_which_clocks_change_is_cut_short(now: str, hours: int) -> None:
    edges = edges_of("7d", at(now), BERLIN)
    assert (8, hours * 3600) == (len(edges), edges[-1] - edges[-2])
    assert edges[-2] <= at(now) < edges[-1]


def test_hours_depend_on_the_zone() -> None:
    now = at("2026-11-23T12:34:00+00:00")
    edges = edges_of("24h", now, ZoneInfo("Asia/Kathmandu"))
    assert edges_of("24h", now, UTC) == edges
    assert (25, at("2026-11-23T13:00:00+00:00")) == (len(edges), edges[-1])


@pytest.mark.parametrize("name", ["", "Mars/Phobos", "../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_a_strange_zone_is_a_fault_of_ours(name: str) -> None:
    with pytest.raises(InvalidRequest):
        zone_named(name)


async def traffic(visitor: Visitor) -> None:
    """Twenty requests, one every seven hours, of three models and two tokens."""
    now = int(visitor.clock.wall() * 1000)
    journal = Ledger(visitor.gateway.database)
    for number in range(20):
        await journal.settle(
            record(
                f"r{number}",
                started_ms=now - number * 7 * 3_600_000,
                model=("a", "b", "=c")[number % 3],
                token_id=f"gone-{number % 2}",
                token=f"token-{number % 2}",
                outcome="error" if number == 5 else "ok",
                usage=Usage(100 + number, 10),
                cost_nano=number * 1_000_000,
            )
        )


@pytest.mark.parametrize("by", ["model", "token", "channel"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_members_or_steps_do_not_add_up(tmp_path: Path, by: str, zone: str) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        found = await visitor.call("GET", f"/statistics?span=30d&by={by}&zone={zone}")
        assert (30, 20, 1) == (len(found["steps"]), found["total"]["requests"], found["total"]["errors"])
        assert "0.19" == found["total"]["cost_usd"]
        assert 20 == sum(member["requests"] for member in found["members"])
        for member in found["members"]:
            assert member["requests"] == sum(step["requests"] for step in member["steps"])
            assert member["prompt_tokens"] == sum(step["prompt_tokens"] for step in member["steps"])

    at_console(tmp_path, story)


def test_a_request_falls_on_another_day_than_the_readers(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        zone = ZoneInfo("Asia/Kathmandu")
        today = datetime.fromtimestamp(visitor.clock.wall(), zone).replace(hour=0, minute=0, second=0, microsecond=0)
        midnight, journal = int(today.timestamp() * 1000), Ledger(visitor.gateway.database)
        for number, moment in enumerate([midnight - 1, midnight, midnight + 60_000]):
            await journal.settle(record(f"r{number}", started_ms=moment))
        found = await visitor.call("GET", "/statistics?span=7d&zone=Asia/Kathmandu")
        assert [1, 2] == [step["requests"] for step in found["members"][0]["steps"][-2:]]

    at_console(tmp_path, story)


def test_a_deleted_token_loses_its_name(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        found = await visitor.call("GET", "/statistics?by=token&span=30d")
        assert {"token-0", "token-1"} == {member["name"] for member in found["members"]}

    at_console(tmp_path, story)


def test_the_csv_is_another_table_than_the_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        answer = await visitor.get("/console/statistics.csv?by=model&span=30d")
        rows: list[dict[str, Any]] = list(csv.DictReader(answer.text.splitlines()))
        found = await visitor.call("GET", "/statistics?by=model&span=30d")
        names = ["requests", "errors", "prompt_tokens", "completion_tokens", "cost_usd", "first_byte_ms"]
        assert [[str(member[name]) for name in names] for member in found["members"]] == [
            [row[name] for name in names] for row in rows
        ]
        assert {"a", "b", "'=c"} == {row["model"] for row in rows}

    at_console(tmp_path, story)


@pytest.mark.parametrize("query", ["", "?span=1y&by=secret&metric=x", "?metric=errors", "?by=token&span=24h"])
def test_an_odd_address_breaks_the_page(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        visitor.http.cookies.set("aihub_zone", "Mars/Phobos")
        assert "No requests in this time" in await visitor.page(f"/console/statistics{query}")
        await traffic(visitor)
        assert 'id="members"' in await visitor.page(f"/console/statistics{query}")

    at_console(tmp_path, story)
