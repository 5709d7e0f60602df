"""Prices over the admin API: all that changes a bill is kept, shown, set and removed part by part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.money import NANO, Hours, Later, ModalRates, Price, Rates, Tier, UnitRates, cost_of
from aihub_lite.domain.usage import Usage
from tests.web.admin.desk import Desk, at_desk

SHORT = Rates(
    3, 15, 1, 4, 16, units=UnitRates(image=7, minute=8), modal=ModalRates(audio_input=32, video_output=9),
    cache_write_1h=6,
)  # fmt: skip
LONG = Rates(6, 22, 2, 8, 23, units=UnitRates(image=9), modal=ModalRates(audio_input=64), cache_write_1h=12)
LONGEST = attrs.evolve(LONG, input=60)
TABLE = Price(SHORT, "table", (Tier(100, LONG), Tier(200, LONGEST)), as_of="2026-10-01", guessed=True)
USAGES = [
    attrs.evolve(usage, prompt_tokens=length)
    for length in (100, 101, 201)
    for usage in (
        Usage(1, 50, 10, 20, 30).with_hour(15),
        Usage(1, 50).with_modal(Modal(audio_input=60)),
        Usage(1, 5, units=3, unit="image"),
        Usage(1, 5, units=90_000, unit="millisecond"),
    )
]


def body(name: str = "c", model: str = "m", **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "provider": "openai",
        "base_url": "http://127.0.0.1:9",
        "models": [model],
        "keys": ["sk"],
        **fields,
    }


def know(desk: Desk, model: str, price: Price | None) -> None:
    """What the price table says of a model upstream, scaled to whole nano-USD per token."""
    desk.gateway.registry.live_catalog.default_prices["openai", model] = price


async def offer(desk: Desk, price: Price | None = TABLE) -> None:
    """A channel with one model that costs this by the table."""
    know(desk, "m", price)
    await desk.call("POST", "/channels", body(), status=201)


HOURLY = attrs.evolve(
    TABLE, hours=(Hours(HourSpan.of("01:00-04:00", weekdays=True), LONG, (Tier(100, LONGEST),)),),
    later=(Later(4_102_444_800, LONGEST),),
)  # fmt: skip


def in_force(desk: Desk) -> Price:
    return desk.gateway.registry.catalog.models["m"].candidates[0].price


def lengths(price: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Above how many tokens, and the rates of prompt and completion in nano-USD."""
    return [(tier["above"], round(tier["input"] * 10**9), round(tier["output"] * 10**9)) for tier in price["tiers"]]


@pytest.mark.parametrize("usage", USAGES, ids=str)
def test_an_adopted_price_bills_what_the_tables_did(tmp_path: Path, usage: Usage) -> None:
    """Adopted prices had lost their rates above 200,000 tokens, and long prompts were billed too low."""

    async def story(desk: Desk) -> None:
        await offer(desk)
        before = cost_of(usage, in_force(desk))
        await desk.call("POST", "/prices/adopt/m")
        assert ("operator", before) == (in_force(desk).source, cost_of(usage, in_force(desk)))

    at_desk(tmp_path, story)


def test_an_adopted_price_says_that_it_is_the_operators_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        answer = await desk.call("POST", "/prices/adopt/m")
        assert ("m", "operator", False) == (answer["model"], answer["source"], answer["guessed"])
        assert answer["as_of"] > "2026-10-01"

    at_desk(tmp_path, story)


def test_tiers_of_service_stay_beside_an_adopted_price(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        await desk.call("POST", "/prices", {"model": "m", "tier": "flex", "input": 1, "output": 2})
        await desk.call("POST", "/prices/adopt/m")
        await desk.call("DELETE", "/prices/m?tier=flex")
        assert () == in_force(desk).services

    at_desk(tmp_path, story)


def test_whoever_adopts_prices_that_differ_says_whose(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        know(desk, "dear", Price(LONG, "table"))
        know(desk, "nobody-knows", None)
        await desk.call("POST", "/channels", body("b", "m=dear"), status=201)
        await desk.call("POST", "/channels", body("a", "m=nobody-knows"), status=201)
        assert "channel: prices differ, say whose: c, b" == await desk.refused("POST", "/prices/adopt/m")
        await desk.call("POST", "/prices/adopt/m?channel=b")
        assert LONG == in_force(desk).rates

    at_desk(tmp_path, story)


@pytest.mark.parametrize(("path", "status"), [("m", 400), ("nobody", 404), ("m?channel=nobody", 404)])
def test_what_has_no_price_cannot_be_adopted(tmp_path: Path, path: str, status: int) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, None)
        await desk.refused("POST", f"/prices/adopt/{path}", status=status)
        assert {} == desk.gateway.registry.models.prices

    at_desk(tmp_path, story)


def test_rates_for_longer_prompts_are_set_beside_the_tables_price(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        answer = await desk.call("POST", "/prices", {"model": "m", "above": 150, "input": "1", "output": "2"})
        assert [(100, 6, 22), (150, 1 * 10**9, 2 * 10**9), (200, 60, 22)] == lengths(answer)
        assert (SHORT, LONG) == (in_force(desk).rates, in_force(desk).tiers[0].rates)

    at_desk(tmp_path, story)


def test_rates_of_the_same_length_take_the_others_place(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        for rate in (1, 2):
            await desk.call("POST", "/prices", {"model": "m", "above": 100, "input": rate, "output": rate})
        (shown,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        assert [(100, 2 * 10**9, 2 * 10**9), (200, 60, 22)] == lengths(shown)

    at_desk(tmp_path, story)


def test_one_of_the_rates_for_longer_prompts_is_removed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        await desk.refused("DELETE", "/prices/m?above=100", status=404)
        await desk.call("POST", "/prices/adopt/m")
        await desk.call("DELETE", "/prices/m?above=100")
        assert ((200,), SHORT) == (tuple(tier.above for tier in in_force(desk).tiers), in_force(desk).rates)
        await desk.refused("DELETE", "/prices/m?above=100", status=404)

    at_desk(tmp_path, story)


def test_a_price_set_anew_keeps_what_was_set_for_longer_prompts(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, None)
        await desk.call("POST", "/prices", {"model": "m", "input": "1", "output": "2"})
        await desk.call("POST", "/prices", {"model": "m", "above": 100, "input": "3", "output": "4"})
        answer = await desk.call("POST", "/prices", {"model": "m", "input": "5", "output": "6"})
        assert (5, [(100, 3 * 10**9, 4 * 10**9)], []) == (answer["input"], lengths(answer), answer["warnings"])
        without = await desk.call("POST", "/prices", {"model": "m", "input": "5", "output": "6", "tiers": []})
        assert [] == without["tiers"]

    at_desk(tmp_path, story)


def test_whoever_sets_one_price_for_prompts_of_any_length_is_told(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        answer = await desk.call("POST", "/prices", {"model": "m", "input": "1", "output": "2"})
        told = [f"prompts of more than {above} tokens had other rates, and cost the same now" for above in (100, 200)]
        assert ([], told) == (answer["tiers"], answer["warnings"])

    at_desk(tmp_path, story)


def test_rates_for_longer_prompts_are_listed_in_any_order(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, None)
        tiers = [{"above": above, "input": above, "output": 0} for above in (300, 100)]
        answer = await desk.call("POST", "/prices", {"model": "m", "input": 1, "output": 2, "tiers": tiers})
        assert [100, 300] == [tier["above"] for tier in answer["tiers"]]

    at_desk(tmp_path, story)


def test_a_price_kept_under_another_name_gets_its_rates_for_longer_prompts(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        know(desk, "ai21/jamba", None)
        await desk.call("POST", "/channels", body(model="ai21/jamba"), status=201)
        await desk.call("POST", "/prices", {"model": "ai21/jamba", "input": "1", "output": "2"})
        await desk.call("POST", "/prices", {"model": "jamba", "above": 100, "input": "3", "output": "4"})
        assert ["ai21/jamba"] == list(desk.gateway.registry.models.prices)
        await desk.call("DELETE", "/prices/jamba?above=100")
        (shown,) = (await desk.call("GET", "/prices?model=jamba"))["prices"]
        assert [] == shown["tiers"]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"above": 0}, "above: must be between 1 and 100000000 tokens"),
        ({"above": "5"}, "above: must be a whole number"),
        ({"above": 5, "input": None}, "input: is missing"),
        ({"above": 5, "tier": "flex"}, "above: a tier of service costs the same for prompts of any length"),
        ({"above": 5, "output": "100001"}, "output: must be at most 100000 USD"),
        ({"tiers": [{"above": 5, "input": 1}]}, "tiers.0.output: is missing"),
        ({"tiers": [{"above": 5, "input": 1, "output": 1}] * 2}, "above: one length is listed twice"),
        ({"tiers": [{"above": 5 + n, "image": 1} for n in range(17)]}, "tiers: must hold at most 16 entries"),
        ({"tiers": 5}, "tiers: must be a list"),
        ({"tiers": [5]}, "tiers.0: must be an object"),
        ({"tiers": [{"above": 5, "colour": 1}]}, "tiers.0: unknown field colour"),
    ],
    ids=str,
)
def test_rates_that_cannot_be_are_refused(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        refused = await desk.refused("POST", "/prices", {"model": "m", "input": 1, "output": 1, **fields})
        assert (message, {}) == (refused, desk.gateway.registry.models.prices)

    at_desk(tmp_path, story)


def test_rates_for_longer_prompts_need_a_price(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, None)
        tier = {"model": "m", "above": 5, "input": 1, "output": 1}
        assert "model: has no price: set that of the model itself first" == await desk.refused("POST", "/prices", tier)
        await desk.refused("POST", "/prices", {**tier, "model": "nobody"}, status=404)
        assert "above: remove one part of a price at a time" == await desk.refused(
            "DELETE", "/prices/m?tier=flex&above=5"
        )

    at_desk(tmp_path, story)


def hours_of(price: dict[str, Any]) -> list[tuple[str, bool, int, list[int]]]:
    """The hours with rates of their own, the rate of a prompt in nano-USD, and the lengths that have others again."""
    return [
        (each["at"], each["weekdays"], round(each["input"] * 10**9), [tier["above"] for tier in each["tiers"]])
        for each in price["hours"]
    ]


def test_an_adopted_price_keeps_its_hours_and_loses_what_was_to_come(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, HOURLY)
        (shown,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        assert ["2100-01-01"] == [later["since"] for later in shown["later"]]
        answer = await desk.call("POST", "/prices/adopt/m")
        assert (HOURLY.hours, ()) == (in_force(desk).hours, in_force(desk).later)
        assert [("01:00-04:00", True, 6, [100])] == hours_of(answer)

    at_desk(tmp_path, story)


def test_what_is_shown_of_a_price_can_be_set_again(tmp_path: Path) -> None:
    """The console's form sends back the hours as it got them."""

    async def story(desk: Desk) -> None:
        await offer(desk, HOURLY)
        (shown,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        kinds = ("model", "input", "output", "tiers", "hours")
        answer = await desk.call("POST", "/prices", {kind: shown[kind] for kind in kinds})
        assert (HOURLY.hours, HOURLY.tiers, []) == (in_force(desk).hours, in_force(desk).tiers, answer["warnings"])

    at_desk(tmp_path, story)


def test_rates_of_some_hours_are_set_replaced_and_removed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, HOURLY)
        night = {"model": "m", "at": "16:30-00:30", "input": 1, "output": 2}
        added = await desk.call("POST", "/prices", night)
        replaced = await desk.call("POST", "/prices", {**night, "at": "01:00-04:00", "input": 3})
        await desk.call("DELETE", "/prices/m?at=16:30-00:30")
        (left,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        assert [
            [("01:00-04:00", True, 6, [100]), ("16:30-00:30", False, 10**9, [])],
            [("01:00-04:00", False, 3 * 10**9, [100]), ("16:30-00:30", False, 10**9, [])],
            [("01:00-04:00", False, 3 * 10**9, [100])],
        ] == [hours_of(price) for price in (added, replaced, left)]
        await desk.refused("DELETE", "/prices/m?at=16:30-00:30", status=404)

    at_desk(tmp_path, story)


def test_whoever_sets_one_price_for_all_hours_is_told(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, attrs.evolve(HOURLY, tiers=()))
        answer = await desk.call("POST", "/prices", {"model": "m", "input": "1", "output": "2"})
        told = "requests at 01:00-04:00 UTC had other rates, and cost the same now"
        assert ([], [told]) == (answer["hours"], answer["warnings"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"at": "1-2"}, "at: '1-2' is no span of hours like 16:30-00:30"),
        ({"at": "01:00-01:00"}, "at: 01:00-01:00 is all day: set the price itself"),
        ({"at": "03:00-05:00"}, "at: 03:00-05:00 has other rates already"),
        ({"at": "05:00-06:00", "above": 5}, "at: set one part of a price at a time"),
        ({"at": "05:00-06:00", "tier": "flex"}, "at: set one part of a price at a time"),
        ({"hours": [{"at": "05:00-06:00", "input": 1}]}, "hours.0.output: is missing"),
        ({"hours": [{"at": "5", "input": 1, "output": 1}]}, "hours.0.at: '5' is no span of hours like 16:30-00:30"),
        ({"hours": [{"at": "05:00-06:00", "image": 100_001}]}, "image: must be at most 100000 USD"),
        (
            {"hours": [{"at": f"00:{n:02}-00:{n + 1:02}", "image": 1} for n in range(25)]},
            "hours: must hold at most 24 entries",
        ),
    ],
    ids=str,
)
def test_hours_that_cannot_be_are_refused(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk, HOURLY)
        refused = await desk.refused("POST", "/prices", {"model": "m", "input": 1, "output": 1, **fields})
        assert (message, {}) == (refused, desk.gateway.registry.models.prices)

    at_desk(tmp_path, story)


def test_a_price_set_by_another_name_of_its_model_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """It was kept beside that one, which went on to be billed."""

    async def story(desk: Desk) -> None:
        await offer(desk)
        await desk.call("POST", "/channels", body("b", "anthropic/m=m"), status=201)
        await desk.call("POST", "/prices", {"model": "anthropic/m", "input": 1, "output": 2})
        answer = await desk.call("POST", "/prices", {"model": "m", "input": 3, "output": 4})
        assert ("anthropic/m", Rates(3 * NANO, 4 * NANO)) == (answer["model"], in_force(desk).rates)
        await desk.call("DELETE", "/prices/anthropic/m")
        assert TABLE == in_force(desk)

    at_desk(tmp_path, story)


@pytest.mark.parametrize("name", ["m", "anthropic/m", "nick"])
def test_rates_of_a_tier_of_service_are_set_and_removed_by_any_name_of_their_model(tmp_path: Path, name: str) -> None:
    """They were kept under the name as it was typed, and by an alias, or beside others, never billed."""

    async def story(desk: Desk) -> None:
        await offer(desk)
        await desk.call("POST", "/channels", body("b", "anthropic/m=m"), status=201)
        await desk.call("POST", "/aliases", {"alias": "nick", "model": "m"})
        await desk.gateway.registry.models.set_tier_price("anthropic/m", "flex", LONG)  # as it was kept until now
        answer = await desk.call("POST", "/prices", {"model": name, "tier": "priority", "input": 5, "output": 6})
        assert ("anthropic/m", ["flex", "priority"]) == (
            answer["model"],
            [each.name for each in in_force(desk).services],
        )
        await desk.call("DELETE", f"/prices/{name}?tier=priority")
        assert ["flex"] == [each.name for each in in_force(desk).services]

    at_desk(tmp_path, story)


@pytest.mark.parametrize("rates", [{"input": 1, "output": 2}, {"tier": "flex", "input": 1, "output": 2}])
def test_what_is_set_by_an_alias_counts_for_its_model(tmp_path: Path, rates: dict[str, Any]) -> None:
    """It was kept under the alias, which nothing is billed by: also where it had been so before."""

    async def story(desk: Desk) -> None:
        await offer(desk)
        await desk.call("POST", "/prices", {"model": "nick", "input": 9, "output": 9})
        await desk.call("POST", "/aliases", {"alias": "nick", "model": "m"})
        answer = await desk.call("POST", "/prices", {"model": "nick", **rates})
        price = in_force(desk)
        first = [*(service.rates for service in price.services), price.rates][0]
        assert ("m", NANO) == (answer["model"], first.input)

    at_desk(tmp_path, story)


@pytest.mark.parametrize("name", ["m", "anthropic/m", "nick"])
def test_a_price_is_removed_by_any_name_of_its_model(tmp_path: Path, name: str) -> None:
    async def story(desk: Desk) -> None:
        await offer(desk)
        await desk.call("POST", "/channels", body("b", "anthropic/m=m"), status=201)
        await desk.call("POST", "/aliases", {"alias": "nick", "model": "m"})
        await desk.call("POST", "/prices", {"model": "anthropic/m", "input": 1, "output": 2})
        answer = await desk.call("DELETE", f"/prices/{name}")
        assert ("anthropic/m", True) == (answer["model"], answer["deleted"])
        assert TABLE == in_force(desk)

    at_desk(tmp_path, story)
