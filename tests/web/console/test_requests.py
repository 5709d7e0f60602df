"""Usage records as the console and the admin API show them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.domain.modal import Modal
from aihub_lite.domain.money import MODAL_RATES, ModalRates, Price, Rates, UnitRates, cost_of, usd
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.ledger import Ledger
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.models import KINDS
from aihub_lite.web.console.requests import formula
from tests.storage.facts import record
from tests.web.console.visitor import Visitor, at_console

HOUR_MS = 3_600_000
ODD = "<img src=x>{{7*7}}"
UNITS = UnitRates(40_000_000, 6_000_001, 15_000_000_000, 2_000_000)
PRICE = Price(Rates(3_000_000_000, 15_000_000_000, 300_000_000, 3_750_000_000, 20_000_000_000), source="operator")

HEARD = Modal(audio_input=500, audio_cache_read=300, image_input=50, image_cache_read=20, audio_output=100)
MODAL = ModalRates(**{name: 10_000_000_001 + place for place, name in enumerate(MODAL_RATES)})


async def book(visitor: Visitor, request_id: str, hours: int = 0, **changes: Any) -> None:
    started_ms = int(visitor.clock.wall() * 1000) - hours * HOUR_MS
    await Ledger(visitor.gateway.database).settle(record(request_id, started_ms=started_ms, **changes))


@pytest.mark.parametrize(
    "usage",
    [
        *[Usage(1000, 200), Usage(1000, 200, 400), Usage(1000, 200, 400, 100, 50), Usage(0, 0), Usage(7, 3, 7, 0, 3)],
        *[Usage(7, 3, units=4321, unit="millisecond"), Usage(units=3, unit="image"), Usage(9, units=1, unit="search")],
        *[Usage(1000, 200, 400, 100, 50, modal=HEARD), Usage(1000, 200, modal=Modal(audio_input=1000, video_output=9))],
        Usage(400, 200, 400, 0, 50, modal=Modal(audio_input=400, audio_cache_read=400, image_output=150)),
    ],
)
@pytest.mark.parametrize(
    "price",
    [
        PRICE,
        Price(Rates(3_000_000_000, 15_000_000_000), source="operator"),
        Price(Rates(3_000_000_001, 0, units=UNITS), source="operator"),
        Price(Rates(3_000_000_001, 7, 300_000_001, modal=MODAL), source="operator"),
        Price(Rates(3_000_000_001, 7, 300_000_001, 5, 11, modal=ModalRates(audio_input=17)), source="operator"),
        Price(Rates(3_000_000_001, 7, modal=MODAL), source="operator"),
        Price(Rates(3_000_000_001, 7, modal=ModalRates(audio_input=17, video_output=0)), source="operator"),
    ],
)
def test_the_formula_comes_to_another_cost_than_was_charged(tmp_path: Path, usage: Usage, price: Price) -> None:
    async def story(visitor: Visitor) -> None:
        cost, text = cost_of(usage, price), msgspec.json.encode(price).decode()
        await book(visitor, "r1", usage=usage, price=text, cost_nano=cost)
        shown = await visitor.call("GET", "/records/r1")
        total = sum((line["cost"] for line in formula(shown)), Decimal(0))
        assert usd(cost) - Decimal("1e-9") < total <= usd(cost)

    at_console(tmp_path, story)


def test_sound_is_not_among_the_terms_of_a_cost(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("tag", list(LANGUAGES))
def test_a_term_of_the_formula_has_no_name(tag: str) -> None:
    assert set() == {f"requests.part_{kind}" for kind in KINDS} - LANGUAGES[tag].texts.keys()


def test_the_formula_is_shown_with_rounded_numbers(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        price = msgspec.json.encode(Price(Rates(75_000_000, 300_000_000), source="operator")).decode()
        await book(visitor, "r1", usage=Usage(1234, 0), price=price, cost_nano=92_550)
        await visitor.sign_in()
        page = (await visitor.get("/console/requests/r1")).text
        assert ["$0.00009255", "$0.075", "$0.00009255", "$0.30", "$0.00"] == re.findall(r"\$[\d.]+", page)

    at_console(tmp_path, story)


def test_a_record_without_a_price_breaks_its_page(tmp_path: Path) -> None:
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
        ("?since=2h", ["r4", "r3"]),
        ("?model=a&outcome=error", []),
        ("?limit=2", ["r4", "r3"]),
        ("?limit=2&before=r3", ["r2", "r1"]),
        ("?before=nobody", []),
    ],
)
def test_a_filter_lets_others_pass(tmp_path: Path, query: str, expected: list[str]) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", hours=9, model="a")
        await book(visitor, "r2", hours=5, model="a")
        await book(visitor, "r3", hours=1, channel="spare")
        await book(visitor, "r4", outcome="error")
        found = await visitor.call("GET", f"/records{query}")
        assert expected == [each["request_id"] for each in found["records"]]
        assert ("limit=2" in query and "before" not in query) == found["more"]

    at_console(tmp_path, story)


@pytest.mark.parametrize("query", ["outcome=x", "since=x", "limit=0", "limit=1000"])
def test_a_filter_that_cannot_be_is_ignored(tmp_path: Path, query: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("GET", f"/records?{query}", status=400)

    at_console(tmp_path, story)


def test_pages_of_records_leave_some_out(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for number in range(120):
            await book(visitor, f"r{number}")
        await visitor.sign_in()
        path, seen = "/console/requests?model=gpt-4o", []
        while path:
            text = await visitor.page(path)
            seen += re.findall(r'href="/console/requests/(r\d+)"', text)
            older = re.search(r'href="(/console/requests\?[^"]*before=[^"]*)"', text)
            path = older[1].replace("&amp;", "&") if older else ""
        assert 120 == len(seen) == len(set(seen))

    at_console(tmp_path, story)


def test_strange_records_get_into_the_pages_as_markup(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", model=ODD, token=ODD, channel=ODD, error_code=ODD, client=ODD, outcome="error")
        await visitor.sign_in()
        for path in ["/console/requests", "/console/requests/r1", "/console/requests?model=" + ODD.replace("%", "")]:
            text = await visitor.page(path)
            assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_an_unknown_request_answers_a_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 404 == (await visitor.get("/console/requests/nothing")).status_code
        assert 404 == (await visitor.get("/console/requests?token=nobody")).status_code

    at_console(tmp_path, story)
