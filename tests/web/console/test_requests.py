"""Usage records as the console and the admin API show them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.hosted import Hosted, HostedRates
from aihub_lite.domain.hours import HourSpan, InForce
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.money import (
    MODAL_RATES,
    UNPRICED,
    ModalRates,
    Price,
    Rates,
    Tier,
    TierRates,
    UnitRates,
    cost_of,
    usd,
)
from aihub_lite.domain.usage import OtherBill, Usage
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.models import KINDS
from aihub_lite.web.console.requests import formula
from aihub_lite.web.requests.waterfall import waterfall
from tests.storage.facts import record
from tests.storage.requests.test_refusals import refusal
from tests.web.console.visitor import Visitor, at_console

HOUR_MS = 3_600_000
ODD = "<img src=x>{{7*7}}"
UNITS = UnitRates(40_000_000, 6_000_001, 15_000_000_000, 2_000_000)
PRICE = Price(Rates(3_000_000_000, 15_000_000_000, 300_000_000, 3_750_000_000, 20_000_000_000), source="operator")

HEARD = Modal(audio_input=500, audio_cache_read=300, image_input=50, image_cache_read=20, audio_output=100)
MODAL = ModalRates(**{name: 10_000_000_001 + place for place, name in enumerate(MODAL_RATES)})


async def book(visitor: Visitor, request_id: str, hours: int = 0, **changes: Any) -> None:
    started_ms = int(visitor.clock.wall() * 1000) - hours * HOUR_MS
    await Journal(visitor.gateway.database).settle(record(request_id, started_ms=started_ms, **changes))


@pytest.mark.parametrize(
    "usage",
    [
        *[Usage(1000, 200), Usage(1000, 200, 400), Usage(1000, 200, 400, 100, 50), Usage(0, 0), Usage(7, 3, 7, 0, 3)],
        *[Usage(7, 3, units=4321, unit="millisecond"), Usage(units=3, unit="image"), Usage(9, units=1, unit="search")],
        *[Usage(1000, 200, 400, 100, 50, modal=HEARD), Usage(1000, 200, modal=Modal(audio_input=1000, video_output=9))],
        Usage(1000, 200, 400, 100, 50, cache_write_1h_tokens=40),
        Usage(400, 200, 400, 0, 50, modal=Modal(audio_input=400, audio_cache_read=400, image_output=150)),
    ],
)
@pytest.mark.parametrize(
    "price",
    [
        PRICE,
        Price(Rates(3_000_000_000, 15_000_000_000), source="operator"),
        Price(Rates(3_000_000_001, 0, units=UNITS), source="operator"),
        Price(Rates(3_000_000_001, 7, 300_000_001, 5, cache_write_1h=11), source="operator"),
        Price(Rates(3_000_000_001, 7, 300_000_001, modal=MODAL), source="operator"),
        Price(Rates(3_000_000_001, 7, 300_000_001, 5, 11, modal=ModalRates(audio_input=17)), source="operator"),
        Price(Rates(3_000_000_001, 7, modal=MODAL), source="operator"),
        Price(Rates(3_000_000_001, 7, modal=ModalRates(audio_input=17, video_output=0)), source="operator"),
    ],
)
def test_the_formula_comes_to_the_cost_that_was_charged(tmp_path: Path, usage: Usage, price: Price) -> None:
    async def story(visitor: Visitor) -> None:
        cost, text = cost_of(usage, price), msgspec.json.encode(price).decode()
        await book(visitor, "r1", usage=usage, price=text, cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        total = sum((line["cost"] for line in formula(shown)), Decimal(0))
        assert usd(cost) - Decimal("1e-9") < total <= usd(cost)

    at_console(tmp_path, story)


def test_sound_and_pictures_are_terms_of_the_cost(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        rates = Rates(10**9, 8 * 10**9, modal=ModalRates(audio_input=2 * 10**9, image_output=30 * 10**9))
        price = Price(rates, source="operator")
        usage = Usage(1_234_567, 1_000, modal=Modal(audio_input=1_200_000, image_output=600))
        cost = cost_of(usage, price)
        await book(visitor, "r1", usage=usage, price=msgspec.json.encode(price).decode(), cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        assert {"audio_input": 1_200_000, "image_output": 600} == shown["modal_tokens"]
        assert [
            ("input", 34_567, "0.034567"),
            ("audio_input", 1_200_000, "2.4"),
            ("output", 400, "0.0032"),
            ("image_output", 600, "0.018"),
        ] == [(line["kind"], line["tokens"], f"{line['cost'].normalize():f}") for line in formula(shown)]
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1")
        assert ["Audio input", "Image output", "$2.455767"] == [
            text for text in ("Audio input", "Image output", "$2.455767", "Video input") if text in page
        ]

    at_console(tmp_path, story)


def test_what_another_model_did_has_lines_of_its_own(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        advice = Usage(2518, 22)
        dear = Price(Rates(5_000_000_000, 25_000_000_000), source="operator")
        text = msgspec.json.encode(PRICE).decode()
        others = (OtherBill("claude-opus-4-8", advice, msgspec.json.encode(dear).decode()),)
        cost = cost_of(Usage(100, 20), PRICE) + cost_of(advice, dear)
        await book(visitor, "r1", usage=Usage(100, 20), price=text, cost_nano=cost, others=others)
        shown = await visitor.call("GET", "/records/r1")
        lines = formula(shown)
        assert usd(cost) == sum((line["cost"] for line in lines), Decimal(0))
        assert [None, None, "claude-opus-4-8", "claude-opus-4-8"] == [line.get("model") for line in lines]
        assert float(usd(cost)) == shown["own_cost_usd"]
        await visitor.sign_in()
        assert "claude-opus-4-8" in await visitor.page("/console/requests/r1")

    at_console(tmp_path, story)


NIGHT = HourSpan.of("16:30-00:30")
PEAKS = (HourSpan.of("01:00-04:00", weekdays=True), HourSpan.of("06:00-10:00", weekdays=True))
LONG = (Tier(200_000, Rates(2 * 10**9, 3 * 10**9)),)


@pytest.mark.parametrize(
    ("tiers", "in_force", "words"),
    [
        (LONG, None, "Rates for prompts of more than 200,000 tokens."),
        (
            (),
            InForce(spans=(NIGHT,), outside=False, level="off_peak"),
            "Off-peak. Rates of 16:30-00:30 UTC, when the request began.",
        ),
        (
            LONG,
            InForce(spans=PEAKS, outside=True, level="peak"),
            "Rates for prompts of more than 200,000 tokens. Peak. Rates outside 01:00-04:00 UTC, Monday to Friday,"
            " 06:00-10:00 UTC, Monday to Friday, when the request began.",
        ),
    ],
)
def test_which_rates_were_in_force_is_said(
    tmp_path: Path, tiers: tuple[Tier, ...], in_force: InForce | None, words: str
) -> None:
    async def story(visitor: Visitor) -> None:
        price = attrs.evolve(PRICE, tiers=tiers, in_force=in_force)
        usage = Usage(200_001, 20)
        cost = cost_of(usage, price)
        await book(visitor, "r1", usage=usage, price=msgspec.json.encode(price).decode(), cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        assert (200_000 if tiers else None, in_force is None) == (shown["above"], shown["hours"] is None)
        assert usd(cost) == sum((line["cost"] for line in formula(shown)), Decimal(0))
        await visitor.sign_in()
        page = " ".join((await visitor.get("/console/requests/r1")).text.split())
        assert words in page

    at_console(tmp_path, story)


def test_rates_of_a_tier_of_service_are_for_any_hour_and_length(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        in_force = InForce(spans=(NIGHT,), outside=False, level="peak")
        services = (TierRates("flex", Rates(10**9, 2 * 10**9)),)
        price = attrs.evolve(PRICE, tiers=LONG, services=services, in_force=in_force)
        usage = Usage(200_001, 20, tier="flex")
        await book(visitor, "r1", usage=usage, price=msgspec.json.encode(price).decode(), cost_nano=1)
        shown = await visitor.call("GET", "/records/r1")
        assert (None, None) == (shown["above"], shown["hours"])

    at_console(tmp_path, story)


@pytest.mark.parametrize("priced", [True, False])
def test_the_tier_of_an_answer_and_whether_it_has_a_price_is_said(tmp_path: Path, priced: bool) -> None:
    async def story(visitor: Visitor) -> None:
        services = (TierRates("flex", Rates(10**9, 2 * 10**9)),) if priced else ()
        price = attrs.evolve(PRICE, services=services)
        usage = Usage(1000, 200, tier="flex")
        cost = cost_of(usage, price)
        await book(visitor, "r1", usage=usage, price=msgspec.json.encode(price).decode(), cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        assert ("flex", not priced) == (shown["tier"], shown["tier_unpriced"])
        assert usd(cost) == sum((line["cost"] for line in formula(shown)), Decimal(0))
        assert ((1000 + 2 * 200) * 1000 if priced else (3 * 1000 + 15 * 200) * 1000) == cost
        await visitor.sign_in()
        page = (await visitor.get("/console/requests/r1")).text
        assert (True, not priced) == ("<dd>flex" in page, "Tier unpriced" in page)

    at_console(tmp_path, story)


def test_what_ran_at_the_provider_has_lines_of_its_own(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        rates = HostedRates(web_search=10 * 10**9, request=12 * 10**9, file_search=None)
        price = attrs.evolve(PRICE, hosted=rates)
        usage = Usage(1000, 200, hosted=Hosted(web_search=3, request_low=1, file_search=2))
        cost = cost_of(usage, price)
        await book(visitor, "r1", usage=usage, price=msgspec.json.encode(price).decode(), cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        lines = [(line["kind"], line["tokens"], line["rate"]) for line in formula(shown)[2:]]
        assert [("web_search", 3, 10), ("file_search", 2, 0), ("request_low", 1, 12)] == lines
        assert usd(cost) == sum((line["cost"] for line in formula(shown)), Decimal(0))
        assert ["file_search"] == shown["hosted_unpriced"]
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1")
        wanted = ("Web searches, USD per 1,000", "File searches: 2", "Unpriced: billed as free")
        assert list(wanted) == [text for text in wanted if text in page]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("price", "cost", "billed_by", "words"),
    [
        (PRICE, 5_020_000, "upstream", ["itself says $0.00502", "That is what was billed", "it comes to $0.0003"]),
        (PRICE, 300_000, "price", ["itself says $0.00502", "The price was billed", "it comes to $0.0003"]),
        (UNPRICED, 5_020_000, "upstream", ["itself says $0.00502", "That is what was billed"]),
    ],
)
def test_what_the_upstream_says_stands_beside_the_price(
    tmp_path: Path, price: Price, cost: int, billed_by: str, words: list[str]
) -> None:
    async def story(visitor: Visitor) -> None:
        usage = Usage(100, 0, upstream_cost_nano=5_020_000)
        await book(visitor, "r1", usage=usage, price=msgspec.json.encode(price).decode(), cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        own = 0.0003 if price is PRICE else None
        assert (0.00502, own, billed_by) == tuple(
            shown[name] for name in ("upstream_cost_usd", "own_cost_usd", "billed_by")
        )
        await visitor.sign_in()
        page = (await visitor.get("/console/requests/r1")).text
        assert [*words, *(["it comes to"] if own else [])] == [word for word in (*words, "it comes to") if word in page]

    at_console(tmp_path, story)


@pytest.mark.parametrize("tag", list(LANGUAGES))
def test_every_term_of_the_formula_has_a_name(tag: str) -> None:
    assert set() == {f"requests.part_{kind}" for kind in KINDS} - LANGUAGES[tag].texts.keys()


def test_a_request_says_first_what_it_took_and_only_then_what_changed_on_the_way(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", usage=Usage(1234, 56), upstream_model="", dropped=())
        await book(visitor, "r2", usage=Usage(1234, 56), upstream_model="", dropped=("seed", "user"))
        await visitor.sign_in()
        pages = [await visitor.page(f"/console/requests/{name}") for name in ("r1", "r2")]
        assert all("1,234 → 56" in page.split("</dl>", 1)[0] for page in pages)
        assert [False, True] == ["<code>seed</code>, <code>user</code>" in page for page in pages]
        assert [False, True] == ["Changed on the way" in page for page in pages]

    at_console(tmp_path, story)


FAILED = {"outcome": "error", "status": 502, "usage": Usage()}


@pytest.mark.parametrize(("changes", "cost_first"), [({}, True), (FAILED, False)])
def test_a_failed_request_shows_its_attempts_first(tmp_path: Path, changes: dict[str, Any], cost_first: bool) -> None:
    """Above them stood a table of zeros."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await book(visitor, "r1", price=msgspec.json.encode(PRICE).decode(), **changes)
        page = await visitor.page("/console/requests/r1")
        assert cost_first == (page.index("<h2>Cost") < page.index("<h2>Attempts"))
        assert cost_first == ('<th scope="row">Input' in page)

    at_console(tmp_path, story)


def test_the_formula_is_shown_with_exact_numbers(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        price = msgspec.json.encode(Price(Rates(75_000_000, 300_000_000), source="operator")).decode()
        await book(visitor, "r1", usage=Usage(1234, 0), price=price, cost_nano=92_550)
        await visitor.sign_in()
        page = (await visitor.get("/console/requests/r1")).text
        facts, terms = page.split("</dl>", 1)
        assert ["$0.00009255"] == re.findall(r"\$[\d.]+", facts)
        assert ["$0.00009255", "$0.075", "$0.00009255", "$0.300", "$0.00000000"] == re.findall(r"\$[\d.]+", terms)

    at_console(tmp_path, story)


def test_a_record_without_a_price_has_a_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", price="{}")
        await visitor.sign_in()
        assert "Counted by the upstream" in await visitor.page("/console/requests/r1")

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["r4", "r3", "r2", "r1"]),
        ("?model=a", ["r2", "r1"]),
        ("?channel=spare", ["r3"]),
        ("?outcome=error", ["r4"]),
        ("?asked=coding", ["r3", "r1"]),
        ("?asked=coding&model=a", ["r1"]),
        ("?asked=a", []),
        ("?since=2h", ["r4", "r3"]),
        ("?model=a&outcome=error", []),
        ("?limit=2", ["r4", "r3"]),
        ("?limit=2&before=r3", ["r2", "r1"]),
        ("?before=nobody", []),
        ("?until=2h", ["r2", "r1"]),
        ("?over_seconds=0.5", ["r3"]),
        ("?over_usd=$0.10", ["r2"]),
        ("?code=upstream_error", ["r4"]),
        ("?code=server_error", ["r4"]),
        ("?q=TOO%20LONG", ["r4"]),
        ("?asked=nick", ["r4"]),
        ("?q=server_err", ["r4"]),
        ("?outcome=failed", ["r4"]),
        ("?outcome=refused", []),
        ("?model=a&over_usd=0.10&since=6h&until=4h", ["r2"]),
    ],
)
def test_a_filter_shows_only_what_it_names(tmp_path: Path, query: str, expected: list[str]) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", hours=9, model="a", asked="coding")
        await book(visitor, "r2", hours=5, model="a", cost_nano=100_000_001)
        await book(visitor, "r3", hours=1, channel="spare", asked="coding", duration_ms=501)
        why: dict[str, Any] = {
            "error_code": "upstream_error",
            "upstream_code": "server_error",
            "error_text": "It took too long.",
        }
        await book(visitor, "r4", outcome="error", asked="nick", **why)
        page = await visitor.call("GET", f"/records{query}")
        assert expected == [item["request_id"] for item in page["records"]]
        assert ("limit=2" in query and "before" not in query) == page["more"]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "query", ["outcome=x", "since=x", "until=x", "limit=0", "limit=1000", "over_seconds=long", "over_usd=much"]
)
def test_a_wrong_filter_is_refused(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("GET", f"/records?{query}", status=400)

    at_console(tmp_path, story)


def test_pages_of_records_hold_each_record_once(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for number in range(120):
            await book(visitor, f"r{number}")
        await visitor.sign_in()
        path, seen = "/console/requests?model=gpt-4o", []
        while path:
            text = await visitor.page(path)
            seen += re.findall(r'href="/console/requests/(r\d+)\?', text)
            older = re.search(r'href="(/console/requests\?[^"]*after=[^"]*)"', text)
            path = older[1].replace("&amp;", "&") if older else ""
        assert 120 == len(seen) == len(set(seen))

    at_console(tmp_path, story)


def test_records_are_escaped_on_their_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", model=ODD, token=ODD, channel=ODD, error_code=ODD, client=ODD, outcome="error")
        await visitor.sign_in()
        for path in ["/console/requests", "/console/requests/r1", "/console/requests?model=" + ODD.replace("%", "")]:
            text = await visitor.page(path)
            assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_an_unknown_request_has_no_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 404 == (await visitor.get("/console/requests/nothing")).status_code
        assert 404 == (await visitor.get("/console/requests?token=nobody")).status_code

    at_console(tmp_path, story)


IDS = ("0192aabbccddabcdef000001", "0192aabbccddabcdef000002")


async def refuse(visitor: Visitor, request_id: str, hours: float = 0, **changes: Any) -> None:
    started_ms = int(visitor.clock.wall() * 1000 - hours * HOUR_MS)
    row = refusal(request_id=request_id, request_ids=(request_id,), started_ms=started_ms, **changes)
    await Refusals(visitor.gateway.database).put([row])


async def fill(visitor: Visitor) -> None:
    """Records and refusals in turn, newest first: x3 r3 x2 r2 x1 r1."""
    for number in (1, 2, 3):
        await book(visitor, f"r{number}", hours=4 - number)
        await refuse(visitor, f"x{number}", 3.5 - number, model=f"m{number}")


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_records_and_refusals_are_one_list_in_the_order_of_time(tmp_path: Path, limit: int) -> None:
    async def story(visitor: Visitor) -> None:
        await fill(visitor)
        ids: list[str] = []
        after = ""
        while True:
            page = await visitor.call("GET", f"/requests?limit={limit}&after={after}")
            ids += [row["request_id"] for row in page["requests"]]
            if not page["more"]:
                break
            after = page["after"]
        assert ["x3", "r3", "x2", "r2", "x1", "r1"] == ids

    at_console(tmp_path, story)


def test_rows_of_one_millisecond_stand_each_on_one_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        started_ms = int(visitor.clock.wall() * 1000)
        for number in range(3):
            await Journal(visitor.gateway.database).settle(record(f"r{number}", started_ms=started_ms))
            row = refusal(request_id=f"x{number}", request_ids=(), started_ms=started_ms)
            await Refusals(visitor.gateway.database).put([row])
        ids: list[str] = []
        page: Any = {"after": ""}
        while page["after"] is not None:
            page = await visitor.call("GET", f"/requests?limit=1&after={page['after']}")
            ids += [row["request_id"] for row in page["requests"]]
        assert (6, {"r0", "r1", "r2", "x0", "x1", "x2"}) == (len(ids), {*ids})

    at_console(tmp_path, story)


@pytest.mark.parametrize("after", ["x", "1-r", "1-q5", "-r1", "9" * 30 + "-r1"])
def test_a_page_that_no_list_named_is_refused(tmp_path: Path, after: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("GET", f"/requests?after={after}", status=400)

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("outcome=refused", ["x3", "x2", "x1"]),
        ("outcome=failed", ["x3", "x2", "x1"]),
        ("outcome=ok", ["r3", "r2", "r1"]),
        ("code=model_not_allowed", ["x3", "x2", "x1"]),
        ("q=may%20not", ["x3", "x2", "x1"]),
        ("model=m2", ["x2"]),
        ("channel=main", ["r3", "r2", "r1"]),
        ("over_seconds=0.1", ["r3", "r2", "r1"]),
        ("since=105m", ["x3", "r3", "x2"]),
    ],
)
def test_filters_are_of_refusals_too(tmp_path: Path, query: str, expected: list[str]) -> None:
    async def story(visitor: Visitor) -> None:
        await fill(visitor)
        page = await visitor.call("GET", f"/requests?{query}")
        assert expected == [row["request_id"] for row in page["requests"]]

    at_console(tmp_path, story)


def test_a_request_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, IDS[0])
        await refuse(visitor, IDS[1])
        rows = [
            (await visitor.call("GET", f"/requests?q={q}"))["requests"] for q in (*IDS, IDS[0][:12], "0192aabb0000")
        ]
        assert [[IDS[0]], [IDS[1]], 2, 0] == [
            [row["request_id"] for row in rows[0]],
            [row["request_id"] for row in rows[1]],
            len(rows[2]),
            len(rows[3]),
        ]

    at_console(tmp_path, story)


def test_a_refused_request_has_a_page_with_what_its_client_was_told(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await refuse(visitor, IDS[0], token_id="", token="", network="192.0.2.7", error_text="No <b>such</b> model.")
        await visitor.sign_in()
        page = await visitor.page(f"/console/requests/{IDS[0]}")
        words = ["No &lt;b&gt;such&lt;/b&gt; model.", "192.0.2.7", "403 model_not_allowed", "× 3", IDS[0]]
        assert words == [word for word in words if word in page]
        assert "× 3" in await visitor.page("/console/requests")

    at_console(tmp_path, story)


def test_the_way_back_keeps_the_filters(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        why: dict[str, Any] = {
            "outcome": "error",
            "error_code": "upstream_error",
            "error_text": "The upstream could not be reached.",
        }
        await book(visitor, "r1", **why)
        await refuse(visitor, IDS[0])
        await visitor.sign_in()
        text = await visitor.page("/console/requests?outcome=failed&since=24h&q=")
        for request_id in ("r1", IDS[0]):
            (link,) = re.findall(rf'href="(/console/requests/{request_id}[^"]*)"', text)
            assert f"/console/requests/{request_id}?outcome=failed&amp;since=24h" == link
            shown = await visitor.page(link.replace("&amp;", "&"))
            assert 'href="/console/requests?outcome=failed&amp;since=24h"' in shown

    at_console(tmp_path, story)


def test_a_record_says_why_it_failed_and_links_to_what_it_was_about(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "ann"}, status=201)
        body = {"name": "far", "provider": "lmstudio", "base_url": "http://127.0.0.1:9/v1", "models": ["big=huge"]}
        await visitor.call("POST", "/channels", body, status=201)
        about: dict[str, Any] = {
            "token_id": token["id"],
            "token": "ann",
            "channel": "far",
            "model": "big",
            "upstream_model": "huge",
        }
        why: dict[str, Any] = {
            "error_code": "x_code",
            "upstream_code": "y_code",
            "error_text": "It is too long.",
            "dropped": ("seed",),
        }
        await book(visitor, "r1", outcome="error", status=400, asked="nick", **about, **why)
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1")
        words = [
            *("400 x_code", "upstream: y_code", "It is too long.", "<code>seed</code>", "nick → big → huge"),
            *('href="/console/channels/far"', 'href="/console/models/big"', f'href="/console/tokens/{token["id"]}"'),
        ]
        assert words == [word for word in words if word in page]

    at_console(tmp_path, story)


def test_the_page_of_a_token_shows_what_failed_and_why(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "ann"}, status=201)
        mine: dict[str, Any] = {"token_id": token["id"], "token": "ann"}
        await book(visitor, "r1", outcome="error", error_code="upstream_error", error_text="It broke.", **mine)
        await book(visitor, "r2", **mine)
        await refuse(visitor, IDS[0], error_text="Not this one.", **mine)
        await refuse(visitor, IDS[1])
        await visitor.sign_in()
        page = await visitor.page("/console/tokens/ann")
        shown = re.findall(r'href="/console/requests/(\w+)\?token=ann"', page)
        assert {"r1", IDS[0]} == {*shown}
        assert ("It broke." in page, "Not this one." in page) == (True, True)

    at_console(tmp_path, story)


def test_times_of_a_request_fill_its_whole_duration() -> None:
    attempts = [
        {"channel": "a", "ms": 100, "began_ms": 60, "connect_ms": 30, "head_ms": 0},
        {"channel": "b", "ms": 240, "began_ms": 160, "connect_ms": 0, "head_ms": 200},
    ]
    rows = waterfall({"duration_ms": 1000, "waited_ms": 50, "first_byte_ms": 400, "attempts": attempts})
    parts = [(part["kind"], part["from_ms"], part["ms"]) for row in rows for part in row["parts"]]
    assert [
        *(("gateway", 0, 10), ("waited", 10, 50), ("connect", 60, 30), ("first_byte", 90, 70)),
        *(("first_byte", 160, 200), ("answer", 360, 40), ("stream", 400, 600)),
    ] == parts
    assert 1000 == sum(ms for _, _, ms in parts)
    assert all(0 <= part["x"] <= part["x"] + part["width"] <= 1000 for row in rows for part in row["parts"])


def test_times_of_a_record_from_before_they_were_kept_are_its_attempts_one_after_the_other() -> None:
    attempts = [
        {"channel": "a", "ms": 12, "began_ms": 0, "connect_ms": 0, "head_ms": 0},
        {"channel": "b", "ms": 345, "began_ms": 0, "connect_ms": 0, "head_ms": 0},
    ]
    rows = waterfall({"duration_ms": 357, "waited_ms": 0, "first_byte_ms": 0, "attempts": attempts})
    assert [(0, 12), (12, 345)] == [(part["from_ms"], part["ms"]) for row in rows for part in row["parts"]]
