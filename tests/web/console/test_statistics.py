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
from aihub_lite.web.admin.spans import BadSpan, between, edges_of, zone_named
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


@pytest.mark.parametrize(
    "query", ["", "?span=1y&by=secret&metric=x", "?metric=errors", "?metric=latency", "?by=token&span=24h"]
)
def test_an_odd_address_breaks_the_page(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        visitor.http.cookies.set("aihub_zone", "Mars/Phobos")
        assert "No requests in this time" in await visitor.page(f"/console/statistics{query}")
        await traffic(visitor)
        assert 'id="members"' in await visitor.page(f"/console/statistics{query}")

    at_console(tmp_path, story)


# A time of the reader's own


@pytest.mark.parametrize(
    ("first", "last", "step", "count", "hours"),
    [
        pytest.param("2026-03-29", "2026-03-29", "hour", 23, 23, id="a day of 23 hours"),
        pytest.param("2026-10-25", "2026-10-25", "hour", 25, 25, id="a day of 25 hours"),
        pytest.param("2026-10-24", "2026-10-25", "hour", 49, 49, id="two days with an hour more"),
        pytest.param("2026-03-28", "2026-03-30", "day", 3, 71, id="three days with an hour less"),
        pytest.param("2026-10-25T02:00", "2026-10-25T03:00", "hour", 2, 2, id="an hour that a clock shows twice"),
        pytest.param("2026-11-23T14:15", "2026-11-23T16:30", "hour", 3, 2.25, id="parts of hours"),
        pytest.param("2026-11-23T14:15", "2026-11-26T00:15", "day", 4, 58, id="parts of days"),
        pytest.param("2026-11-01T00:00Z", "2026-11-01T02:00+01:00", "hour", 1, 1, id="zones of their own"),
        pytest.param("2026-01-01", "2026-06-30", "week", 27, 181 * 24 - 1, id="half a year"),
        pytest.param("2026-11-23", "", "hour", 24, 24, id="until the end of today"),
    ],
)
def test_a_time_by_its_ends_is_cut_elsewhere(first: str, last: str, step: str, count: int, hours: float) -> None:
    span = between(first, last, at("2026-11-23T12:00:00+01:00"), BERLIN)
    assert (step, count, hours * 3600) == (span.step, len(span.edges) - 1, span.edges[-1] - span.edges[0])
    assert sorted(set(span.edges)) == span.edges


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana"])
def test_days_of_a_time_begin_at_another_hour_than_the_readers(zone: str) -> None:
    span = between("2026-03-01", "2026-04-10", 0.0, ZoneInfo(zone))
    starts = [datetime.fromtimestamp(edge, ZoneInfo(zone)) for edge in span.edges]
    assert [41, 41] == [len(starts) - 1, (starts[-1].date() - starts[0].date()).days]
    odd = [(start.month, start.day) for start in starts if (start.hour, start.minute) != (0, 0)]
    assert odd == ([(3, 8)] if zone == "America/Havana" else [])  # there midnight itself is left out


@pytest.mark.parametrize(
    ("first", "last", "field", "wrong"),
    [
        ("", "2026-11-23", "from", "missing"),
        ("yesterday", "", "from", "malformed"),
        ("2026-02-30", "", "from", "malformed"),
        ("1969-07-20", "", "from", "malformed"),
        ("2026-11-01", "9999-12-31", "to", "malformed"),
        ("2026-11-01", "0001-01-01T00:00", "to", "malformed"),
        ("2026-11-23T14:10", "", "from", "quarter"),
        ("2026-11-23T14:15:30", "", "from", "quarter"),
        ("2026-11-24", "2026-11-23", "to", "order"),
        ("2026-11-23T12:00", "2026-11-23T12:00", "to", "order"),
        ("2026-12-01", "", "to", "order"),
        ("2024-01-01", "2026-01-01", "to", "long"),
    ],
)
def test_a_time_that_makes_no_sense_is_shown(first: str, last: str, field: str, wrong: str) -> None:
    with pytest.raises(BadSpan) as caught:
        between(first, last, at("2026-11-23T12:00:00+01:00"), BERLIN)
    assert (field, wrong) == (caught.value.field, caught.value.wrong)
    assert caught.value.message.startswith(f"{field}: ")


def test_a_year_is_too_long() -> None:
    assert 53 == len(between("2024-01-01", "2024-12-31", 0.0, BERLIN).edges) - 1


def test_a_time_by_its_ends_counts_other_requests(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        zone = ZoneInfo("Asia/Kathmandu")
        morning = int(datetime(2026, 10, 5, 9, 15, tzinfo=zone).timestamp() * 1000)
        moments = [morning - 1, morning, morning + 3_599_999, morning + 3_600_000]
        for number, moment in enumerate(moments):
            await Ledger(visitor.gateway.database).settle(record(f"r{number}", started_ms=moment, cost_nano=10**9))
        query = "from=2026-10-05T09:15&to=2026-10-05T10:15"
        found = await visitor.call("GET", f"/statistics?{query}&zone=Asia/Kathmandu")
        assert (2, "2.00", "2026-10-05T04:30:00Z") == (
            found["total"]["requests"],
            found["total"]["cost_usd"],
            found["end"],
        )
        await visitor.sign_in()
        visitor.http.cookies.set("aihub_zone", "Asia/Kathmandu")
        assert 'value="2026-10-05T09:15"' in await visitor.page(f"/console/statistics?{query}")
        answer = await visitor.get(f"/console/statistics.csv?{query}")
        assert ["2"] == [row["requests"] for row in csv.DictReader(answer.text.splitlines())]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "message"), [("en", "To: must be later than the start."), ("zh", "结束: 必须晚于开始时间。")]
)
def test_a_wrong_time_is_refused_without_a_word(tmp_path: Path, language: str, message: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        query = "from=2026-10-05T09:15&to=2026-10-05T09:00"
        answer = await visitor.get(f"/console/statistics?{query}", accept_language=language)
        assert (400, True) == (answer.status_code, message in answer.text)
        assert 'value="2026-10-05T09:15"' in answer.text
        calls = [f"/console/statistics.csv?{query}", f"/api/admin/statistics?{query}"]
        assert [400, 400] == [(await visitor.get(path)).status_code for path in calls]

    at_console(tmp_path, story)
