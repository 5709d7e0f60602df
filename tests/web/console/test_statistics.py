"""Statistics: sums that are right in every zone, and a CSV that is the table."""

from __future__ import annotations

import csv
import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aihub_lite.domain.money import plain
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.journal import Journal
from aihub_lite.web.spans import BadSpan, edges_of, span_between, zone_named
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
def test_a_day_on_which_clocks_change_is_whole(now: str, hours: int) -> None:
    edges = edges_of("7d", at(now), BERLIN)
    assert (8, hours * 3600) == (len(edges), edges[-1] - edges[-2])
    assert edges[-2] <= at(now) < edges[-1]


def test_hours_are_the_same_in_every_zone() -> None:
    now = at("2026-11-23T12:34:00+00:00")
    edges = edges_of("24h", now, ZoneInfo("Asia/Kathmandu"))
    assert edges_of("24h", now, UTC) == edges
    assert (25, at("2026-11-23T13:00:00+00:00")) == (len(edges), edges[-1])


@pytest.mark.parametrize("name", ["", "Mars/Phobos", "../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_an_unknown_zone_is_an_invalid_request(name: str) -> None:
    with pytest.raises(InvalidRequest):
        zone_named(name)


async def traffic(visitor: Visitor) -> None:
    """Twenty requests, one every seven hours, of three models and two tokens."""
    now = int(visitor.clock.wall() * 1000)
    journal = Journal(visitor.gateway.database)
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
def test_members_and_steps_add_up_to_the_total(tmp_path: Path, by: str, zone: str) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        report = await visitor.call("GET", f"/statistics?span=30d&by={by}&zone={zone}")
        assert (30, 20, 1) == (len(report["steps"]), report["total"]["requests"], report["total"]["errors"])
        assert 0.19 == report["total"]["cost_usd"]
        assert 20 == sum(member["requests"] for member in report["members"])
        for member in report["members"]:
            assert member["requests"] == sum(step["requests"] for step in member["steps"])
            assert member["prompt_tokens"] == sum(step["prompt_tokens"] for step in member["steps"])

    at_console(tmp_path, story)


def test_a_request_falls_on_the_readers_day(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        zone = ZoneInfo("Asia/Kathmandu")
        today = datetime.fromtimestamp(visitor.clock.wall(), zone).replace(hour=0, minute=0, second=0, microsecond=0)
        midnight, journal = int(today.timestamp() * 1000), Journal(visitor.gateway.database)
        for number, moment in enumerate([midnight - 1, midnight, midnight + 60_000]):
            await journal.settle(record(f"r{number}", started_ms=moment))
        report = await visitor.call("GET", "/statistics?span=7d&zone=Asia/Kathmandu")
        assert [1, 2] == [step["requests"] for step in report["members"][0]["steps"][-2:]]

    at_console(tmp_path, story)


def test_a_deleted_token_keeps_its_name(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        report = await visitor.call("GET", "/statistics?by=token&span=30d")
        assert {"token-0", "token-1"} == {member["name"] for member in report["members"]}

    at_console(tmp_path, story)


def test_the_csv_holds_the_same_sums_as_the_api(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        answer = await visitor.get("/console/statistics.csv?by=model&span=30d")
        rows: list[dict[str, Any]] = list(csv.DictReader(answer.text.splitlines()))
        report = await visitor.call("GET", "/statistics?by=model&span=30d")
        names = ["requests", "errors", "prompt_tokens", "completion_tokens", "cost_usd", "first_byte_ms"]
        members = [{**member, "cost_usd": plain(member["cost_usd"])} for member in report["members"]]
        assert [[str(member[name]) for name in names] for member in members] == [
            [row[name] for name in names] for row in rows
        ]
        assert {"a", "b", "'=c"} == {row["model"] for row in rows}
        assert "no-store" == answer.headers["cache-control"]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "query", ["", "?span=1y&by=secret&metric=x", "?metric=errors", "?metric=latency", "?by=token&span=24h"]
)
def test_unknown_choices_in_the_address_become_the_defaults(tmp_path: Path, query: str) -> None:
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
def test_a_span_between_two_ends_is_cut_by_hour_day_or_week(
    first: str, last: str, step: str, count: int, hours: float
) -> None:
    span = span_between(first, last, at("2026-11-23T12:00:00+01:00"), BERLIN)
    assert (step, count, hours * 3600) == (span.step, len(span.edges) - 1, span.edges[-1] - span.edges[0])
    assert sorted(set(span.edges)) == span.edges


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana"])
def test_days_of_a_span_begin_at_the_readers_midnight(zone: str) -> None:
    span = span_between("2026-03-01", "2026-04-10", 0.0, ZoneInfo(zone))
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
def test_a_span_that_makes_no_sense_is_refused_by_its_field(first: str, last: str, field: str, wrong: str) -> None:
    with pytest.raises(BadSpan) as caught:
        span_between(first, last, at("2026-11-23T12:00:00+01:00"), BERLIN)
    assert (field, wrong) == (caught.value.field, caught.value.reason)
    assert caught.value.message.startswith(f"{field}: ")


def test_a_leap_year_is_not_too_long() -> None:
    assert 53 == len(span_between("2024-01-01", "2024-12-31", 0.0, BERLIN).edges) - 1


def test_a_span_between_two_ends_counts_the_requests_within_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        zone = ZoneInfo("Asia/Kathmandu")
        morning = int(datetime(2026, 10, 5, 9, 15, tzinfo=zone).timestamp() * 1000)
        moments = [morning - 1, morning, morning + 3_599_999, morning + 3_600_000]
        for number, moment in enumerate(moments):
            await Journal(visitor.gateway.database).settle(record(f"r{number}", started_ms=moment, cost_nano=10**9))
        query = "from=2026-10-05T09:15&to=2026-10-05T10:15"
        report = await visitor.call("GET", f"/statistics?{query}&zone=Asia/Kathmandu")
        assert (2, 2.0, "2026-10-05T04:30:00Z") == (
            report["total"]["requests"],
            report["total"]["cost_usd"],
            report["end"],
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
def test_a_wrong_span_is_refused_in_the_readers_language(tmp_path: Path, language: str, message: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        query = "from=2026-10-05T09:15&to=2026-10-05T09:00"
        answer = await visitor.get(f"/console/statistics?{query}", accept_language=language)
        assert (400, True) == (answer.status_code, message in answer.text)
        assert 'value="2026-10-05T09:15"' in answer.text
        calls = [f"/console/statistics.csv?{query}", f"/api/admin/statistics?{query}"]
        assert [400, 400] == [(await visitor.get(path)).status_code for path in calls]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "ends"),
    [
        pytest.param("from=2026-10-01&to=2026-10-02", ["2026-10-01", "2026-10-02"], id="days"),
        pytest.param("from=2026-10-01T00:00&to=2026-10-03", ["2026-10-01T00:00", "2026-10-04T00:00"], id="a time"),
        pytest.param("from=2026-10-01&to=2026-10-02T12:00", ["2026-10-01T00:00", "2026-10-02T12:00"], id="half a day"),
    ],
)
def test_an_end_that_is_a_day_is_shown_as_the_last_one_that_counts(tmp_path: Path, query: str, ends: list[str]) -> None:
    """Who asked for the 1st to the 2nd saw a form that ended on the 3rd."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        visitor.http.cookies.set("aihub_zone", "Europe/Berlin")
        text = await visitor.page(f"/console/statistics?{query}")
        assert ends == re.findall(r'id="(?:from|to)" name="\w+" value="([^"]+)"', text)

    at_console(tmp_path, story)


def test_a_chosen_number_of_days_becomes_the_same_days_to_change(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        today = datetime.fromtimestamp(visitor.clock.wall(), UTC).date()
        text = html.unescape(await visitor.page("/console/statistics?span=7d"))
        assert f'from={today - timedelta(days=6)}&to={today}"' in text
        hours = html.unescape(await visitor.page("/console/statistics?span=24h"))
        assert re.search(r"from=\S+T\d\d%3A00&to=\S+T\d\d%3A00\"", hours)

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "There were requests from {} to {}."), ("zh", "{} 至 {} 期间有请求。")]
)
def test_a_time_without_requests_leads_to_the_one_that_has_some(tmp_path: Path, language: str, words: str) -> None:
    """Whoever looked at a year ago was told to connect a client."""

    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        now = datetime.fromtimestamp(visitor.clock.wall(), UTC)
        days = [str((now - timedelta(hours=hours)).date()) for hours in (19 * 7, 0)]
        text = await visitor.page(
            "/console/statistics?from=2025-01-01&to=2025-01-02&by=token", accept_language=language
        )
        assert words.format(*days) in text
        assert "/console/tokens" not in text.partition('<section class="empty part">')[2].partition("</section>")[0]
        (link,) = re.findall(rf'"(/console/statistics\?[^"]*from={days[0]}&amp;to={days[1]})"', text)
        assert {"token-0", "token-1"} == set(names_in(await visitor.page(html.unescape(link))))

    at_console(tmp_path, story)


def test_requests_that_have_nothing_of_what_they_are_grouped_by_are_not_said_to_be_none(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/statistics?by=tag&span=30d")
        assert ("No requests of tags in this time" in text, "No requests in this time" in text) == (True, False)

    at_console(tmp_path, story)


# By two dimensions, with filters, in any order


async def labelled(visitor: Visitor) -> dict[str, str]:
    """Requests of two people and a team, with tags, of today and of the week before; the ids of people by name."""
    people = visitor.gateway.people
    ada = await people.create_person("ada")
    bob = await people.create_person("bob")
    team = await people.create_team("lab")
    token = await visitor.call("POST", "/tokens", {"name": "laptop"}, status=201)
    now = int(visitor.clock.wall() * 1000)
    journal = Journal(visitor.gateway.database)
    rows = [
        ("r1", ada.id, "a", ("x",), 3, 100),
        ("r2", ada.id, "b", ("x", "y"), 1, 200),
        ("r3", bob.id, "a", (), 2, 400),
    ]
    for name, person, model, tags, dollars, duration in rows:
        for ago in (0, 7):
            await journal.settle(
                record(
                    f"{name}-{ago}",
                    started_ms=now - ago * DAY_MS,
                    person_id=person,
                    team_id=team.id,
                    token_id=token["id"],
                    model=model,
                    tags=tags,
                    cost_nano=dollars * 10**9 * (2 if ago == 0 else 1),
                    duration_ms=duration,
                    first_byte_ms=duration // 2,
                    usage=Usage(1000, 50, cache_read_tokens=250),
                    saved_nano=5 * 10**8,
                )
            )
    return {"ada": ada.id, "bob": bob.id, "lab": team.id, "laptop": str(token["id"])}


def test_two_dimensions_are_summed_at_once(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        report = await visitor.call("GET", "/statistics?by=person,model&span=7d")
        rows = [(member["person"], member["model"], member["cost_usd"]) for member in report["members"]]
        assert [("ada", "a", 6.0), ("bob", "a", 4.0), ("ada", "b", 2.0)] == rows
        usage = await visitor.call("GET", "/usage?by=person,model&since=3d")
        assert rows == [(row["person"], row["model"], row["cost_usd"]) for row in usage]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "cost"),
    [("tag=y", 2.0), ("person=bob", 4.0), ("team=lab", 12.0), ("token=laptop&model=b", 2.0), ("user=nobody", 0.0)],
)
def test_a_report_is_of_the_requests_that_its_filters_leave(tmp_path: Path, query: str, cost: float) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        report = await visitor.call("GET", f"/statistics?by=model&span=7d&{query}")
        usage = await visitor.call("GET", f"/usage?by=day&since=3d&{query}")
        assert [cost, cost] == [report["total"]["cost_usd"], sum(row["cost_usd"] for row in usage)]

    at_console(tmp_path, story)


def test_days_are_told_apart_beside_two_dimensions(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        usage = await visitor.call("GET", "/usage?by=tag,model&since=20d&days=true")
        days = sorted({row["day"] for row in usage})
        assert (2, 7) == (len(days), (datetime.fromisoformat(days[1]) - datetime.fromisoformat(days[0])).days)
        assert {"day", "tag", "model"} <= usage[0].keys()
        assert [row["day"] for row in usage] == sorted(row["day"] for row in usage)

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "query",
    [
        "by=colour",
        "by=model,model",
        "by=model,token,tag",
        "by=model&since=9000d&days=true",
        "by=tag&tag=" + "x" * 201,
    ],
)
def test_what_no_report_is_of_is_refused(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("GET", f"/usage?{query}", status=400)

    at_console(tmp_path, story)


@pytest.mark.parametrize("query", ["token=nobody", "person=nobody", "team=nobody"])
def test_a_filter_by_somebody_who_is_not_there_is_no_empty_report(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("GET", f"/statistics?{query}", status=404)

    at_console(tmp_path, story)


def test_a_measured_report_has_percentiles_speed_and_savings(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        report = await visitor.call("GET", "/statistics?by=model&span=7d&measured=true")
        quality = report["members"][0]["quality"]
        assert {"p50": 100, "p90": 404, "p99": 404} == quality["duration_ms"]
        assert (0.25, 1.0, 500) == (
            quality["cache_hit_rate"],
            quality["cache_saved_usd"],
            quality["cache_read_tokens"],
        )
        assert 400.0 == quality["tokens_per_second"]
        assert 1.5 == report["total"]["quality"]["cache_saved_usd"]

    at_console(tmp_path, story)


def names_in(text: str) -> list[str]:
    """The names of the table, in its order."""
    return [
        name.strip()
        for name in re.findall(
            r'<th scope="row"><span class="swatch s\d"></span>(?:<a[^>]+>)?([^<]+)(?:</a>)?</th>', text
        )
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("by=person,model", ["ada · a", "bob · a", "ada · b"]),
        ("by=person,model&sort=name&order=asc", ["ada · a", "ada · b", "bob · a"]),
        ("by=person,model&sort=cost&order=asc", ["ada · b", "bob · a", "ada · a"]),
        ("by=person&then=model&show=speed", ["bob · a", "ada · b", "ada · a"]),
        ("by=model&metric=requests", ["a", "b"]),
        ("by=model&show=money&sort=saved&order=asc", ["b", "a"]),
        ("by=tag&tag=x&sort=nonsense", ["x", "y"]),
    ],
)
def test_the_table_is_in_the_order_that_its_address_says(tmp_path: Path, query: str, names: list[str]) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        await visitor.sign_in()
        assert names == names_in(await visitor.page(f"/console/statistics?{query}"))

    at_console(tmp_path, story)


def test_figures_are_compared_with_the_time_before(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/statistics?by=model&span=7d")
        assert 3 == text.count("+100 %")  # all requests' cost, and that of each model
        assert ">New<" not in text

    at_console(tmp_path, story)


def changes_in(text: str) -> dict[str, str]:
    """What the column of changes says of each name."""
    rows = re.findall(r'<th scope="row">.*?</tr>', text.partition('id="members"')[2], re.DOTALL)
    shown = {}
    for row in rows:
        (name,) = names_in(row)
        (said,) = re.findall(r'<(?:small|span) class="(?:grown|muted)" title="[^"]+">([^<]+)<', row)
        shown[name] = said
    return shown


@pytest.mark.parametrize(
    ("order", "names"),
    [("", ["new", "tenfold", "double", "less", "free"]), ("&order=asc", ["less", "double", "tenfold", "new", "free"])],
)
def test_every_row_says_how_it_changed_and_they_are_ordered_by_it(tmp_path: Path, order: str, names: list[str]) -> None:
    """The column was blank where there was nothing before, and could not be sorted by."""

    async def story(visitor: Visitor) -> None:
        now = int(visitor.clock.wall() * 1000)
        costs = {"double": (1, 2), "less": (2, 1), "new": (0, 1), "free": (0, 0), "tenfold": (1, 20)}
        for model, dollars in costs.items():
            for days, cost in zip((7, 0), dollars, strict=True):
                row = record(f"{model}-{days}", started_ms=now - days * DAY_MS, model=model, cost_nano=cost * 10**9)
                await Journal(visitor.gateway.database).settle(row)
        await visitor.sign_in()
        text = await visitor.page(f"/console/statistics?span=7d&sort=change{order}")
        said = {"double": "+100 %", "less": "-50 %", "new": "New", "free": "–", "tenfold": "× 20"}
        assert [(name, said[name]) for name in names] == list(changes_in(text).items())

    at_console(tmp_path, story)


def test_where_there_was_nothing_at_all_before_no_row_is_new(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/statistics?span=30d")
        assert {"–"} == set(changes_in(text).values())
        assert 'title="Nothing in as much time before">–<' in text

    at_console(tmp_path, story)


def test_a_row_leads_to_its_requests_and_to_what_it_is_made_of(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ids = await labelled(visitor)
        await visitor.sign_in()
        text = html.unescape(await visitor.page("/console/statistics?by=token,model&span=7d"))
        (link, *_) = re.findall(r'href="(/console/requests\?[^"]+)"', text)
        assert f"token={ids['laptop']}" in link and "model=a" in link
        requests = await visitor.page(link)
        assert [True, False, True, False] == [f"/{each}" in requests for each in ("r1-0", "r2-0", "r3-0", "r1-7")]
        (inside, *_) = [each for each in re.findall(r'href="(/console/statistics\?[^"]+)"', text) if "model=a" in each]
        assert "/console/statistics?span=7d&by=token&metric=cost" == inside.split("&token=")[0]
        await visitor.page(inside)

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("by", "name"), [("model", "a"), ("channel", "main"), ("outcome", "ok"), ("asked", "nick"), ("token", "laptop")]
)
def test_requests_of_a_row_are_those_that_it_counts(tmp_path: Path, by: str, name: str) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "laptop"}, status=201)
        now = int(visitor.clock.wall() * 1000)
        mine = record("mine", started_ms=now, token_id=token["id"], model="a", channel="main", asked="nick")
        other = record("other", started_ms=now, model="b", channel="spare", asked="", outcome="error")
        for each in (mine, other):
            await Journal(visitor.gateway.database).settle(each)
        await visitor.sign_in()
        text = html.unescape(await visitor.page(f"/console/statistics?by={by}&span=24h&sort=name"))
        links = re.findall(r'href="(/console/requests\?[^"]+)" aria-label', text)
        (link,) = [each for each in links if name in each or token["id"] in each]
        requests = await visitor.page(link)
        assert (True, False) == ("/mine" in requests, "/other" in requests)

    at_console(tmp_path, story)


def test_the_file_by_time_has_a_row_for_each_day_and_member(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        await visitor.sign_in()
        answer = await visitor.get("/console/statistics.csv?by=person,model&span=30d&days=true")
        assert "text/csv; charset=utf-8" == answer.headers["content-type"]
        rows: list[dict[str, Any]] = list(csv.DictReader(answer.text.splitlines()))
        assert ["start", "person", "model", "requests"] == list(rows[0])[:4]
        assert (6, 18.0) == (len(rows), sum(float(row["cost_usd"]) for row in rows))

    at_console(tmp_path, story)


def test_the_file_of_a_measured_table_has_what_was_measured(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await labelled(visitor)
        await visitor.sign_in()
        answer = await visitor.get("/console/statistics.csv?by=model&span=7d&show=money")
        rows: list[dict[str, Any]] = list(csv.DictReader(answer.text.splitlines()))
        measured = [(row["duration_ms_p50"], row["cache_saved_usd"]) for row in rows]
        assert [("100", "1.00"), ("202", "0.50")] == measured

    at_console(tmp_path, story)


# Views saved by name


def test_a_view_is_saved_by_name_and_forgotten(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        saved = await visitor.call(
            "PUT", "/views/ours", {"query": "by=person,model&span=30d&tag=x&junk=1&sort=name&order=asc"}
        )
        assert "span=30d&by=person%2Cmodel&metric=cost&sort=name&order=asc&tag=x" == saved["query"]
        assert [saved] == await visitor.call("GET", "/views")
        assert f'href="/console/statistics?{html.escape(saved["query"])}"' in await visitor.page("/console/statistics")
        await visitor.page(f"/console/statistics?{saved['query']}")
        await visitor.call("DELETE", "/views/ours")
        assert [] == await visitor.call("GET", "/views")
        await visitor.call("DELETE", "/views/ours", status=404)

    at_console(tmp_path, story)


def test_there_are_fifty_views_at_most(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for number in range(50):
            await visitor.call("PUT", f"/views/v{number}", {"query": ""})
        await visitor.call("PUT", "/views/v0", {"query": "by=token"})
        await visitor.call("PUT", "/views/v50", {"query": ""}, status=409)

    at_console(tmp_path, story)


@pytest.mark.parametrize("body", [{}, {"query": 5}, {"query": "x" * 2001}, {"query": "a=1&" * 60}], ids=str)
def test_what_is_no_view_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("PUT", "/views/ours", body, status=400)

    at_console(tmp_path, story)


# What is seen at once


def of_navigation(text: str, name: str) -> list[str]:
    part = text.partition(f'aria-label="{name}"')[2].partition("</nav>")[0]
    return re.findall(r">([^<]+)</a>", part)


def test_people_and_teams_are_a_click_away(tmp_path: Path) -> None:
    """Who spends was two menus away, behind what the figures are grouped by."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/statistics")
        assert ["Models", "Tokens", "People", "Teams", "Channels", "Requested names"] == of_navigation(text, "By")

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("cost", ["a", "b", "=c"]),
        ("latency", ["Time to first byte"]),
    ],
)
def test_the_chart_has_a_legend_of_what_it_draws(tmp_path: Path, metric: str, expected: list[str]) -> None:
    """Its colours were named in the table below it alone, which a phone shows a screen later."""

    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        text = await visitor.page(f"/console/statistics?span=30d&metric={metric}")
        legend = text.partition('id="legend"')[2].partition("</p>")[0]
        entries = re.findall(r'<span class="swatch s(\d)"></span>([^<]+)', legend)
        assert [str(number) for number in range(len(expected))] == [color for color, _ in entries]
        assert {*expected} == {name for _, name in entries}

    at_console(tmp_path, story)


@pytest.mark.parametrize("metric", ["cost", "requests", "tokens", "errors"])
def test_the_shares_of_all_members_are_the_whole(tmp_path: Path, metric: str) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        text = await visitor.page(f"/console/statistics?span=30d&metric={metric}")
        shares = [float(share) for share in re.findall(r'class="share">([\d.]+) %', text)]
        assert 3 == len(shares)
        assert abs(100 - sum(shares)) <= 1

    at_console(tmp_path, story)


def test_a_mean_has_no_share(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        assert 'class="share"' not in await visitor.page("/console/statistics?span=30d&metric=latency")

    at_console(tmp_path, story)


def test_what_leads_on_from_a_row_says_where_to_in_words(tmp_path: Path) -> None:
    """It was two pictures without a word: phones have no pointer that would show what they mean."""

    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/statistics?span=30d")
        rows = text.partition('id="members"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
        assert 3 == len(re.findall(r'aria-label="Requests of [^"]+">Requests</a>', rows))
        assert 3 == len(re.findall(r'<a href="/console/statistics\?[^"]+" title="What [^"]+">[^<]+</a></th>', rows))
        assert '<svg class="icon"' not in rows

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("span=30d", "outcome=failed&amp;since="),
        ("span=30d&model=b", ""),
        ("span=30d&model=%3Dc", "outcome=failed&amp;model=%3Dc&amp;since="),
        ("from={day}&to={day}", "until="),
        ("span=30d&surface=chat", ""),
    ],
)
def test_the_errors_of_a_time_lead_to_the_requests_that_failed_in_it(tmp_path: Path, query: str, expected: str) -> None:
    """Those of the overview did, those of statistics were a number alone."""

    async def story(visitor: Visitor) -> None:
        await traffic(visitor)
        await visitor.sign_in()
        failed = datetime.fromtimestamp(visitor.clock.wall() - 5 * 7 * 3600, UTC).date()
        text = await visitor.page(f"/console/statistics?{query.format(day=failed)}")
        links = re.findall(r'<dd><a href="/console/requests\?([^"]+)">[\d.]+ %</a></dd>', text)
        assert [expected in link for link in links] == [True] * bool(expected)

    at_console(tmp_path, story)
