"""Aliases, prices and routes that were deleted come back exactly as they were, or the refusal says why not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.money import OPERATOR, Hours, ModalRates, OwnTerms, Price, Rates, Tier, UnitRates
from tests.web.access.team import add_person, signed_in
from tests.web.admin.desk import Desk, at_desk, open_desk
from tests.web.console.visitor import Visitor, at_console

FULL = Rates(
    1_000_000_001,
    2_500_000_000,
    100_000_000,
    1_250_000_000,
    3_000_000_007,
    units=UnitRates(image=40_000_000, search=10_000_000),
    modal=ModalRates(audio_input=32_000_000_000, video_output=99_999_999_999_999),
    cache_write_1h=2_000_000_000,
)
NIGHT = Hours(HourSpan.of("16:30-00:30", weekdays=True), Rates(7, 8), (Tier(128_000, Rates(9, 10)),))
MORNING = Hours(HourSpan.of("01:00-04:00", weekdays=False), Rates(5, 6))
PRICES = {
    "of tokens": OwnTerms(Price(Rates(3, 4), OPERATOR, as_of="2026-01-31")),
    "whole": OwnTerms(
        Price(
            FULL, OPERATOR, (Tier(100, FULL), Tier(200_000, Rates(1, 1, 0))), as_of="2026-02-28", hours=(NIGHT, MORNING)
        ),
        HostedRates(web_search=10_000_000_000, request_low=0),
    ),
    "of images alone": OwnTerms(Price(Rates(0, 0, units=UnitRates(image=1)), OPERATOR, as_of="2026-03-01")),
    "of an old release": OwnTerms(Price(Rates(3, 4), OPERATOR)),
    "of tools alone": OwnTerms(None, HostedRates(file_search=2_500_000_000)),
}
CODING = {
    "name": "team/coding",
    "steps": [
        {"model": "small", "below_budget": 20, "over_tokens": None, "tag": None, "hours": None},
        {
            "model": "big",
            "below_budget": None,
            "over_tokens": 8000,
            "tag": "night",
            "hours": "22:00-06:00@Europe/Berlin",
        },
        {"model": "middle", "below_budget": None, "over_tokens": None, "tag": None, "hours": None},
    ],
    "on": ["slow", "down", "content"],
    "patience": 2.5,
}


def channel(*models: str) -> dict[str, Any]:
    return {"name": "c", "provider": "openai", "base_url": "http://127.0.0.1:9", "keys": ["sk-1"], "models": models}


def as_a_page_keeps_it(was: Any) -> Any:
    """What a browser's script makes of an answer, and posts."""
    return json.loads(json.dumps(was))


async def deleted(desk: Desk, path: str) -> Any:
    return as_a_page_keeps_it((await desk.call("DELETE", path))["was"])


async def set_terms(desk: Desk, model: str, terms: OwnTerms) -> None:
    if terms.price is None:
        assert terms.hosted is not None
        await desk.gateway.registry.models.set_hosted_price(model, terms.hosted)
    else:
        price = terms.price
        await desk.gateway.registry.models.change_price(model, lambda _: price, lambda _: terms.hosted)


def terms_of(desk: Desk, model: str) -> OwnTerms:
    models = desk.gateway.registry.models
    return OwnTerms(models.prices.get(model), models.hosted_prices.get(model))


def after_a_restart(directory: Path, delete: Any, undelete: Any, look: Any) -> None:
    """A gateway deletes, the next one is asked to put it back, and a third one shows what is kept."""

    async def play() -> None:
        async with open_desk(directory, {}) as desk:
            was = await delete(desk)
        async with open_desk(directory, {}) as desk:
            await undelete(desk, was)
            await look(desk)
        async with open_desk(directory, {}) as desk:
            await look(desk)

    asyncio.run(play())


def test_an_alias_comes_back_behind_a_restart(tmp_path: Path) -> None:
    async def delete(desk: Desk) -> Any:
        await desk.call("POST", "/aliases", {"alias": "team/fast", "model": "gpt-9"})
        was = await deleted(desk, "/aliases/team/fast")
        assert {} == desk.gateway.registry.models.aliases
        return was

    async def undelete(desk: Desk, was: Any) -> None:
        answer = await desk.call("POST", "/undelete/aliases", was)
        assert {"alias": "team/fast", "model": "gpt-9", "leads_to": None} == answer

    async def look(desk: Desk) -> None:
        assert {"team/fast": "gpt-9"} == desk.gateway.registry.models.aliases

    after_a_restart(tmp_path, delete, undelete, look)


@pytest.mark.parametrize("kind", PRICES)
def test_a_price_comes_back_to_the_last_digit_behind_a_restart(tmp_path: Path, kind: str) -> None:
    async def delete(desk: Desk) -> Any:
        await set_terms(desk, "org/m", PRICES[kind])
        assert PRICES[kind] == terms_of(desk, "org/m")
        was = await deleted(desk, "/prices/org/m")
        assert OwnTerms() == terms_of(desk, "org/m")
        return was

    async def undelete(desk: Desk, was: Any) -> None:
        assert "org/m" == (await desk.call("POST", "/undelete/prices", was))["model"]

    async def look(desk: Desk) -> None:
        assert PRICES[kind] == terms_of(desk, "org/m")

    after_a_restart(tmp_path, delete, undelete, look)


def test_a_route_comes_back_with_its_steps_conditions_and_order_behind_a_restart(tmp_path: Path) -> None:
    async def delete(desk: Desk) -> Any:
        await desk.call("POST", "/routes", CODING, status=201)
        was = await deleted(desk, "/routes/team/coding")
        assert {**CODING, "hidden": False} == was
        return was

    async def undelete(desk: Desk, was: Any) -> None:
        await desk.call("POST", "/undelete/routes", was)

    async def look(desk: Desk) -> None:
        shown = await desk.call("GET", "/routes/team/coding")
        for step in shown["steps"]:
            assert step.pop("leads_to") is None
        assert {**CODING, "hidden": False} == shown

    after_a_restart(tmp_path, delete, undelete, look)


def test_a_price_that_is_put_back_bills_again_in_place_of_the_tables(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.gateway.registry.live_catalog.default_prices["openai", "m"] = Price(Rates(10, 20), "table")
        await desk.call("POST", "/channels", channel("m"), status=201)
        await desk.call("POST", "/prices", {"model": "m", "input": 1, "output": 2})
        was = await deleted(desk, "/prices/m")
        bills = [desk.gateway.registry.catalog.models["m"].candidates[0].price.rates.input]
        await desk.call("POST", "/undelete/prices", was)
        bills.append(desk.gateway.registry.catalog.models["m"].candidates[0].price.rates.input)
        assert [10, 10**9] == bills

    at_desk(tmp_path, story)


ALIAS = ("POST", "/aliases", {"alias": "x", "model": "other"})
PRICE = ("POST", "/prices", {"model": "x", "input": 7, "output": 7})
TOOLS = ("POST", "/prices", {"model": "x", "web_search": 1})
ROUTE = ("POST", "/routes", {"name": "x", "steps": [{"model": "other"}]})
MODEL = ("POST", "/channels", channel("x"))
SAME_MODEL = ("POST", "/channels", {**channel("openai/x"), "name": "d"})
OTHER_NAME = ("POST", "/prices", {"model": "openai/x", "input": 7, "output": 7})
Call = tuple[str, str, Any]
TAKEN: list[tuple[Call, list[Call], str]] = [
    (ALIAS, [ALIAS], "There is an alias 'x' already."),
    (ALIAS, [ROUTE], "'x' is a route."),
    (ALIAS, [MODEL], "'x' is the id of a model that a channel offers, and an exact id always wins."),
    (PRICE, [PRICE], "There is a price for 'x' already."),
    (PRICE, [ROUTE], "'x' is a route."),
    (PRICE, [MODEL, SAME_MODEL, OTHER_NAME], "There is a price for 'openai/x' already."),
    (ROUTE, [ROUTE], "There is a route 'x' already."),
    (ROUTE, [ALIAS], "'x' is an alias."),
    (ROUTE, [MODEL], "'x' is the id of a model: only a route that tries it too may stand in front."),
]


@pytest.mark.parametrize(("thing", "meanwhile", "why"), TAKEN)
def test_what_was_made_under_the_name_meanwhile_stays_and_is_a_conflict(
    tmp_path: Path, thing: Call, meanwhile: list[Call], why: str
) -> None:
    async def story(desk: Desk) -> None:
        method, path, body = thing
        await desk.http.request(method, f"/api/admin{path}", json=body)
        was = await deleted(desk, f"{path}/x")
        for each_method, each_path, each_body in meanwhile:
            answer = await desk.http.request(each_method, f"/api/admin{each_path}", json=each_body)
            assert answer.is_success, answer.text
        before = kept(desk)
        assert why == await desk.refused("POST", f"/undelete{path}", was, status=409)
        assert before == kept(desk)

    at_desk(tmp_path, story)


def kept(desk: Desk) -> list[Any]:
    """All that could have been overwritten."""
    models = desk.gateway.registry.models
    return [
        dict(models.aliases),
        dict(models.prices),
        dict(models.hosted_prices),
        dict(desk.gateway.registry.routes.all),
    ]


def test_rates_for_tools_that_were_set_meanwhile_are_a_conflict_for_such_rates_alone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        both = {"model": "x", "input": 1, "output": 2, "web_search": 3}
        await desk.call("POST", "/prices", both)
        whole = await deleted(desk, "/prices/x")
        await set_terms(desk, "x", PRICES["of tools alone"])
        await desk.refused("POST", "/undelete/prices", whole, status=409)
        await desk.call("POST", "/undelete/prices", {**whole, "hosted": None})
        assert PRICES["of tools alone"].hosted == terms_of(desk, "x").hosted
        assert Rates(10**9, 2 * 10**9) == attrs.asdict(terms_of(desk, "x"), recurse=False)["price"].rates

    at_desk(tmp_path, story)


def test_two_who_undo_at_once_put_it_back_once(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/routes", CODING, status=201)
        was = await deleted(desk, "/routes/team/coding")
        tries = [desk.http.post("/api/admin/undelete/routes", json=was) for _ in range(5)]
        assert [200, 409, 409, 409, 409] == sorted(answer.status_code for answer in await asyncio.gather(*tries))

    at_desk(tmp_path, story)


@pytest.mark.parametrize("path", ["/aliases", "/prices", "/routes"])
def test_what_stood_behind_another_of_its_name_comes_back_there(tmp_path: Path, path: str) -> None:
    """A channel came to offer a model of the name of an alias or a route, or a route took that of a price: deleted in
    that state, they could not have been made again."""
    method, _, body = {"/aliases": ALIAS, "/prices": PRICE, "/routes": ROUTE}[path]

    async def story(desk: Desk) -> None:
        await desk.http.request(method, f"/api/admin{path}", json=body)
        in_front = ROUTE if path == "/prices" else MODEL
        await desk.call(*in_front, status=201)
        before = kept(desk)
        was = await deleted(desk, f"{path}/x")
        assert was["hidden"]
        assert before != kept(desk)
        await desk.call("POST", f"/undelete{path}", was)
        assert before == kept(desk)

    at_desk(tmp_path, story)


def test_a_route_comes_back_whatever_became_of_its_models_meanwhile(tmp_path: Path) -> None:
    """It would have stayed had it not been deleted: a model of its own name was offered when it was made, and a route
    is no model to try."""

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel("m", "n"), status=201)
        await desk.call("POST", "/routes", {"name": "m", "steps": [{"model": "m"}, {"model": "n"}]}, status=201)
        was = await deleted(desk, "/routes/m")
        await desk.call("DELETE", "/channels/c")
        await desk.call("POST", "/undelete/routes", was)
        assert ["m", "n"] == [step.model for step in desk.gateway.registry.routes.get("m").steps]

    at_desk(tmp_path, story)


WRONG: list[tuple[str, Any, str]] = [
    ("aliases", {"alias": "a b", "model": "m"}, "alias"),
    ("aliases", {"alias": "a", "model": "a"}, "model"),
    ("aliases", {"alias": "a", "model": "m", "leads_to": None, "odd": 1}, "unknown field"),
    ("prices", {"model": "m"}, "price: is missing"),
    ("prices", {"model": "m", "price": {"input": 1}}, "price.output: is missing"),
    ("prices", {"model": "m", "price": {"input": 1, "output": 100_001}}, "output"),
    ("prices", {"model": "m", "price": {"input": 1, "output": 1, "as_of": "soon"}}, "price.as_of"),
    ("prices", {"model": "m", "hosted": {"web_search": -1}}, "hosted.web_search"),
    ("routes", {"name": "r", "steps": []}, "steps"),
    ("routes", {"name": "r", "steps": [{"model": "m", "hours": "late"}]}, "steps.0.hours"),
]


@pytest.mark.parametrize(("noun", "body", "field"), WRONG)
def test_what_could_not_have_been_deleted_is_refused_by_its_field(
    tmp_path: Path, noun: str, body: Any, field: str
) -> None:
    async def story(desk: Desk) -> None:
        assert field in await desk.refused("POST", f"/undelete/{noun}", body)
        assert [{}, {}, {}, {}] == kept(desk)

    at_desk(tmp_path, story)


def test_the_audit_log_tells_an_undo_as_what_it_is_and_who_made_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))

        async def ask(method: str, path: str, body: Any = None) -> Any:
            answer = await visitor.http.request(method, f"/api/admin{path}", json=body, headers=headers)
            assert answer.is_success, answer.text
            return answer.json()

        for name, (method, path, body) in (("x", ALIAS), ("x", PRICE), ("team/coding", ("POST", "/routes", CODING))):
            await ask(method, path, body)
            gone = await ask("DELETE", f"{path}/{name}")
            await ask("POST", f"/undelete{path}", gone["was"])
        lines = (await visitor.call("GET", "/audit"))["audit"]
        told = [line for line in lines if line["action"].startswith("undelete")]
        assert [
            ("undelete_route", "route", "team/coding", "Ada"),
            ("undelete_price", "price", "x", "Ada"),
            ("undelete_alias", "alias", "x", "Ada"),
        ] == [(line["action"], line["kind"], line["object"], line["by"]) for line in told]
        made = [line for line in lines if line["action"] in ("create_route", "set_price", "set_alias")]
        assert [line["changes"] for line in made] == [line["changes"] for line in told]

    at_console(tmp_path, story)
