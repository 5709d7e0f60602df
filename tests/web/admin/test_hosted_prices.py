"""Rates of tools that a provider runs, over the admin API: set beside whatever price there is, shown and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import NANO, Price
from tests.web.admin.desk import Desk, at_desk
from tests.web.admin.test_prices import TABLE, body, in_force, know, offer

LISTED = HostedRates(web_search=10 * NANO, file_search=2_500_000_000)
CHEAPER = attrs.evolve(LISTED, web_search=7 * NANO)
KNOWN = attrs.evolve(TABLE, hosted=LISTED)


def own(desk: Desk) -> HostedRates | None:
    return in_force(desk).hosted


def test_what_the_table_knows_counts_and_is_shown(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        (price,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        assert (LISTED, 10, 2.5, None) == (own(desk), price["web_search"], price["file_search"], price["code_session"])

    at_desk(tmp_path, story)


def test_a_rate_alone_leaves_the_rest_of_the_price_to_the_table(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        answer = await desk.call("POST", "/prices", {"model": "m", "web_search": "7"})
        assert (7, None) == (answer["web_search"], answer["file_search"])
        assert attrs.evolve(KNOWN, hosted=CHEAPER) == in_force(desk)
        (model,) = (await desk.call("GET", "/models"))["models"]
        assert "m" == model["priced_as"]
        await desk.call("DELETE", "/prices/m")
        assert KNOWN == in_force(desk)

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, HostedRates(web_search=7 * NANO, file_search=LISTED.file_search)),
        (
            {"code_session": 30},
            HostedRates(web_search=7 * NANO, file_search=LISTED.file_search, code_session=30 * NANO),
        ),
        ({"tiers": []}, LISTED),
        ({"tiers": [], "file_search": 1}, HostedRates(web_search=LISTED.web_search, file_search=NANO)),
    ],
)
def test_a_price_that_lists_its_tiers_says_all_there_is_to_say(
    tmp_path: Path, more: dict[str, Any], kept: HostedRates
) -> None:
    """So the console's form takes a rate back whose field is emptied."""

    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        await desk.call("POST", "/prices", {"model": "m", "web_search": 7})
        await desk.call("POST", "/prices", {"model": "m", "input": 1, "output": 2, **more})
        assert kept == own(desk)

    at_desk(tmp_path, story)


def test_an_adopted_price_keeps_them_whatever_the_table_says_later(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        answer = await desk.call("POST", "/prices/adopt/m")
        know(desk, "m", attrs.evolve(KNOWN, hosted=HostedRates(web_search=99 * NANO)))
        desk.gateway.registry.live_catalog.publish()
        assert (10, LISTED) == (answer["web_search"], own(desk))

    at_desk(tmp_path, story)


@pytest.mark.parametrize("part", [{"tier": "flex"}, {"above": 5}, {"at": "16:30-00:30"}])
def test_they_cost_the_same_at_every_tier_and_length(tmp_path: Path, part: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        refused = await desk.refused(
            "POST", "/prices", {"model": "m", "web_search": 7, "input": 1, "output": 2, **part}
        )
        assert "web_search: costs the same at every tier of service, length and hour" == refused

    at_desk(tmp_path, story)


@pytest.mark.parametrize("price", [None, Price(TABLE.rates, "table")])
def test_a_model_needs_a_price_of_its_own_first(tmp_path: Path, price: Price | None) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, price)
        if price is None:
            refused = await desk.refused("POST", "/prices", {"model": "m", "web_search": 7})
            assert "model: set the price of the model itself first" == refused
        else:
            await desk.call("POST", "/prices", {"model": "m", "web_search": 7})
            assert HostedRates(web_search=7 * NANO) == own(desk)

    at_desk(tmp_path, story)


@pytest.mark.parametrize("hours", [[], [{"at": "16:30-00:30", "input": 1, "output": 2}]], ids=["none", "some"])
def test_hours_beside_them_are_not_passed_over(tmp_path: Path, hours: list[dict[str, Any]]) -> None:
    """The answer was a 200, and requests of those hours went on at the rates of all others."""

    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        refused = await desk.refused("POST", "/prices", {"model": "m", "web_search": 7, "hours": hours})
        assert ("input: is missing", LISTED) == (refused, own(desk))

    at_desk(tmp_path, story)


def test_a_part_is_set_where_the_price_is_that_is_in_force(tmp_path: Path) -> None:
    """Of a model with two names, each with some of its rates, a part was set where nothing is read from."""

    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        await desk.call("POST", "/channels", body("b", "anthropic/m=m"), status=201)
        await desk.call("POST", "/prices", {"model": "m", "web_search": 7})
        await desk.call("POST", "/prices", {"model": "anthropic/m", "input": 1, "output": 2})
        await desk.call("POST", "/prices", {"model": "m", "above": 1000, "input": 3, "output": 4})
        assert [1000] == [tier.above for tier in in_force(desk).tiers]

    at_desk(tmp_path, story)


def test_in_a_whole_price_they_are_set_where_those_in_force_are(tmp_path: Path) -> None:
    """Beside the price, under another name of the model, nothing read them."""

    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        await desk.call("POST", "/channels", body("b", "openai/m=m"), status=201)
        await desk.call("POST", "/prices", {"model": "m", "web_search": 7, "code_session": 30})
        await desk.call("POST", "/prices", {"model": "openai/m", "input": 1, "output": 2, "web_search": 8})
        assert HostedRates(web_search=8 * NANO, file_search=LISTED.file_search, code_session=30 * NANO) == own(desk)
        await desk.call("DELETE", "/prices/m")
        assert LISTED == own(desk)

    at_desk(tmp_path, story)


def test_a_rate_that_nothing_costs_is_refused(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, KNOWN)
        refused = await desk.refused("POST", "/prices", {"model": "m", "web_search": 100_001})
        assert "web_search: must be at most 100000 USD" == refused

    at_desk(tmp_path, story)
