"""Named routes: one name, and the models that are tried for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.channel import Offer
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.route import Conditions, NamedRoute, Reason, RouteStep
from aihub_lite.errors import Conflict, NotFound
from aihub_lite.web.relay.models import Listing
from tests.support.asgi import post
from tests.support.clock import ManualClock
from tests.support.inprocess import (
    AT_REST,
    CHAT,
    House,
    Part,
    Played,
    PlayedAnswer,
    chat_request,
    healthy,
    open_house,
    streamed,
)

Story = Callable[[House], Awaitable[None]]
Scripts = dict[str, tuple[int, Iterable[Part]]]
CHEAP = Price(Rates(1_000_000_000, 2_000_000_000), source="test")
DEAR = Price(Rates(100_000_000_000, 200_000_000_000), source="test")
PRICES = {"a": DEAR, "b": CHEAP, "c": CHEAP}
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def refusal(code: str, message: str) -> list[Part]:
    """The body of an upstream's error."""
    return [msgspec.json.encode({"error": {"code": code, "message": message, "type": code}})]


FAULTS: dict[Reason, tuple[int, list[Part]]] = {
    "down": (500, refusal("server_error", "broken")),
    "rate": (429, refusal("rate_limit_exceeded", "slow down")),
    "quota": (402, refusal("insufficient_quota", "You exceeded your current quota")),
    "context": (400, refusal("context_length_exceeded", "maximum context length is 8192 tokens")),
    "content": (400, refusal("content_filter", "refused by the content management policy")),
    "slow": (200, [60.0]),
}


def play(directory: Path, story: Story, clock: Any = None, **settings: Any) -> None:
    async def run() -> None:
        async with open_house(directory, clock=clock, **{"queue_timeout": 0, **settings}) as house:
            await story(house)
            assert AT_REST == await house.at_rest()

    asyncio.run(run())


async def add_models(house: House, *names: str) -> None:
    for name in names:
        await house.add_channel(name, price=PRICES[name])


async def add_route(
    house: House, *models: str | RouteStep, on: tuple[Reason, ...] = ("down", "rate"), **fields: Any
) -> NamedRoute:
    steps = tuple(RouteStep(model=model) if isinstance(model, str) else model for model in models)
    return await house.gateway.registry.routes.create(NamedRoute(name="coding", steps=steps, on=on, **fields))


@attrs.define(eq=False)
class ByModel(Played):
    """Answers as the script of the model that is asked says; one without a script is healthy."""

    scripts: Scripts = attrs.field(factory=dict, kw_only=True)
    asked: list[str] = attrs.field(factory=list, kw_only=True)

    async def ask(self, method: str, url: str, body: bytes) -> PlayedAnswer:
        model = msgspec.json.decode(body)["model"].removesuffix("-upstream")
        self.asked.append(model)
        if model in self.scripts:
            self.queue.append(self.scripts[model])
        return await super().ask(method, url, body)


def script(house: House, scripts: Scripts) -> list[str]:
    """Lets upstream models answer by script, others well; the list gets each model that is asked."""
    house.upstream = upstream = ByModel(healthy, scripts=scripts)
    house.gateway.transport.demo = upstream
    return upstream.asked


@BOTH_WAYS
@pytest.mark.parametrize("reason", FAULTS)
def test_the_next_model_answers_where_the_first_fails_of_what_the_route_is_for(
    tmp_path: Path, reason: Reason, stream: bool
) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b", on=(reason,), patience=0.05 if reason == "slow" else None)
        asked = script(house, {"a": FAULTS[reason]})
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", stream=stream).served()
        assert (200, ["a", "b"]) == (call.status, asked)
        assert "b" == call.answer_headers["x-aihub-model"]
        assert b'"model":"coding"' in b"".join(call.pieces)
        [record] = await house.records()
        assert ("coding", "b", "channel-2", "ok") == tuple(
            record[name] for name in ("asked", "model", "channel", "outcome")
        )
        assert ["a", "b"] == [attempt["model"] for attempt in msgspec.json.decode(record["attempts"])]

    play(tmp_path, story)


@BOTH_WAYS
@pytest.mark.parametrize("reason", [reason for reason in FAULTS if reason != "slow"])
def test_the_first_fault_is_told_where_the_route_is_not_for_it(tmp_path: Path, reason: Reason, stream: bool) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        others = tuple(other for other in FAULTS if other not in (reason, "slow"))
        await add_route(house, "a", "b", on=others)
        asked = script(house, {"a": FAULTS[reason]})
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", stream=stream).served()
        assert ["a"] == asked
        assert call.status in (400, 429, 502)
        assert [0] == [row["cost_nano"] for row in await house.records()]

    play(tmp_path, story)


def test_the_hold_is_settled_at_the_price_of_the_model_that_answered(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        script(house, {"a": FAULTS["down"]})
        _, key = await house.add_token(quota_nano=10**12)
        assert 200 == (await house.ask(key, model="coding").served()).status
        assert 200 == (await house.ask(key, model="b").served()).status
        by_route, plain = await house.records()
        assert 0 < by_route["cost_nano"] == plain["cost_nano"]
        assert "" == plain["asked"]

    play(tmp_path, story)


def test_what_is_held_follows_the_model_that_is_tried(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        going = asyncio.Event()
        script(house, {"a": FAULTS["down"], "b": (200, [going])})
        _, key = await house.add_token(quota_nano=10**12)
        call = house.ask(key, model="coding", stream=True)
        while "b" not in {flight.model for flight in house.gateway.flights.open.values()}:
            await asyncio.sleep(0.001)
        [hold] = house.gateway.ledger.open_holds.values()
        await hold.durable
        [row] = await house.gateway.database.read("SELECT model, asked, amount_nano FROM holds")
        assert ("b", "coding", hold.amount) == tuple(row)
        going.set()
        await call.served()
        other = house.ask(key, model="b", stream=True)
        while not house.gateway.ledger.open_holds:
            await asyncio.sleep(0)
        assert [hold.amount] == [each.amount for each in house.gateway.ledger.open_holds.values()]
        await other.served()

    play(tmp_path, story)


def test_a_model_that_the_token_cannot_pay_for_is_passed_over(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        asked = script(house, {})
        _, key = await house.add_token(quota_nano=20_000_000)
        assert 402 == (await house.ask(key, model="a").served()).status
        assert 200 == (await house.ask(key, model="coding").served()).status
        assert ["b"] == asked
        [record] = await house.records()
        assert [{"model": "a", "why": "the token has less left than it may cost"}] == msgspec.json.decode(
            record["passed"]
        )
        _, poor = await house.add_token(quota_nano=1)
        assert 402 == (await house.ask(poor, model="coding").served()).status

    play(tmp_path, story)


def test_a_model_that_cools_down_is_passed_over_without_an_attempt(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        asked = script(house, {})
        [channel, _] = house.gateway.registry.channels.all
        for _ in range(5):
            house.gateway.health.failed(channel.id, "server")
        _, key = await house.add_token()
        assert 200 == (await house.ask(key, model="coding").served()).status
        assert ["b"] == asked

    play(tmp_path, story)


def test_with_all_models_out_the_one_that_is_free_first_is_tried(tmp_path: Path) -> None:
    clock = ManualClock()

    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        asked = script(house, {})
        second, first = house.gateway.registry.channels.all
        for channel in (first, second):
            for _ in range(5):
                house.gateway.health.failed(channel.id, "server")
            clock.advance(1)
        _, key = await house.add_token()
        assert 200 == (await house.ask(key, model="coding").served()).status
        assert ["b"] == asked

    play(tmp_path, story, clock)


def test_with_all_models_rate_limited_the_client_reads_when_to_come_back(tmp_path: Path) -> None:
    clock = ManualClock()

    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        asked = script(house, {})
        for channel, wait in zip(house.gateway.registry.channels.all, (30, 20), strict=True):
            house.gateway.health.rate_limit(channel.id, "-", wait)
        _, key = await house.add_token()
        call = await house.ask(key, model="coding").served()
        assert (429, "20", []) == (call.status, call.answer_headers["retry-after"], asked)

    play(tmp_path, story, clock)


def test_a_token_reaches_what_it_may_use_and_the_whole_route_where_that_is_allowed_by_name(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b", "c")
        await add_route(house, "a", "b")
        asked = script(house, {})
        for models, status, reached in (
            (("b",), 200, ["b"]),
            (("coding",), 200, ["a"]),
            (("c",), 403, []),
            ((), 200, ["a"]),
        ):
            _, key = await house.add_token(models=models)
            assert status == (await house.ask(key, model="coding").served()).status
            assert reached == asked
            asked.clear()

    play(tmp_path, story)


def test_two_names_of_one_model_upstream_are_tried_once(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel("a", offers=(Offer("a", "a-upstream"), Offer("b", "a-upstream")))
        await add_route(house, "a", "b")
        asked = script(house, {"a": FAULTS["down"]})
        _, key = await house.add_token()
        assert 502 == (await house.ask(key, model="coding").served()).status
        assert ["a"] == asked

    play(tmp_path, story)


def test_an_alias_may_lead_to_a_route(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a")
        await add_route(house, "a")
        await house.gateway.registry.models.set_alias("best", "coding")
        _, key = await house.add_token(models=("best",))
        call = await house.ask(key, model="best").served()
        assert (200, "a") == (call.status, call.answer_headers["x-aihub-model"])
        assert ["best"] == [record["asked"] for record in await house.records()]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("when", "fields", "headers", "reached"),
    [
        (Conditions(over_tokens=100), {}, [], "b"),
        (Conditions(over_tokens=9), {}, [], "a"),
        (Conditions(tag="night"), {}, [], "b"),
        (Conditions(tag="night"), {}, [(b"x-aihub-tag", b"day, night")], "a"),
        (Conditions(below_budget=20), {}, [], "b"),
        (Conditions(below_budget=20), {"quota_nano": 10**13}, [], "b"),
        (Conditions(below_budget=100), {"quota_nano": 10**13}, [], "a"),
    ],
)
def test_a_model_is_tried_where_its_conditions_hold(
    tmp_path: Path, when: Conditions, fields: dict[str, Any], headers: list[tuple[bytes, bytes]], reached: str
) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, RouteStep(model="a", when=when), "b")
        asked = script(house, {})
        token, key = await house.add_token(**fields)
        house.gateway.ledger.balances[token.id].spent += 1
        request = post(CHAT, key, chat_request("coding"))
        request.headers += headers
        assert 200 == (await request.start(house.app).served()).status
        assert [reached] == asked
        house.gateway.ledger.balances[token.id].spent -= 1

    play(tmp_path, story)


@BOTH_WAYS
def test_the_models_of_a_route_share_its_attempts(tmp_path: Path, stream: bool) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b", "c")
        await add_route(house, "a", "b", "c")
        asked = script(house, dict.fromkeys("abc", FAULTS["down"]))
        _, key = await house.add_token()
        assert 502 == (await house.ask(key, model="coding", stream=stream).served()).status
        assert ["a", "b"] == asked

    play(tmp_path, story, max_attempts=2)


def test_nothing_is_sent_by_another_model_after_the_first_content(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b", on=("down", "rate", "quota", "context", "content", "slow"), patience=0.05)
        broken: list[Part] = [*streamed("hello")[:2], 0.2, OSError("cut")]
        asked = script(house, {"a": (200, broken)})
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", stream=True).served()
        assert (200, ["a"]) == (call.status, asked)
        assert b"error" in call.pieces[-1]
        [record] = await house.records()
        assert ("a", "coding", "cut_off") == (record["model"], record["asked"], record["outcome"])

    play(tmp_path, story)


def test_a_route_is_there_after_a_restart(tmp_path: Path) -> None:
    kept: list[NamedRoute] = []

    async def make(house: House) -> None:
        await add_models(house, "a", "b")
        steps = (RouteStep(model="a", when=Conditions(tag="x", below_budget=3, over_tokens=7)), "b")
        kept.append(await add_route(house, *steps, on=("slow", "content"), patience=2.5))

    async def look(house: House) -> None:
        assert {"coding": kept[0]} == house.gateway.registry.routes.all
        _, key = await house.add_token()
        assert 200 == (await house.ask(key, model="coding").served()).status

    play(tmp_path, make)
    play(tmp_path, look)


CUT: tuple[int, list[Part]] = (200, [*streamed("cut")[:2], OSError("cut")])
"""Breaks off after its first content."""


@pytest.mark.parametrize("seed", range(8))
def test_under_any_faults_no_lane_is_repeated_and_one_model_alone_is_heard(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    clock = ManualClock()

    async def ask(house: House, upstream: ByModel) -> None:
        upstream.scripts = {
            name: chance.choice([(200, streamed(f"by {name}")), CUT, *FAULTS.values()]) for name in "abc"
        }
        on = tuple(chance.sample([*FAULTS], chance.randrange(len(FAULTS) + 1)))
        models = chance.sample("abc", chance.randint(1, 3))
        name = f"route-{chance.random()}"
        steps = tuple(RouteStep(model=model) for model in models)
        patience = 0.02 if "slow" in on else None
        await house.gateway.registry.routes.create(NamedRoute(name=name, steps=steps, on=on, patience=patience))
        allowed = chance.sample("abc", chance.randint(1, 3))
        _, key = await house.add_token(models=tuple(allowed), quota_nano=10**12)
        upstream.asked.clear()
        call = house.ask(key, model=name, stream=True)
        await asyncio.wait_for(call.served(), 10)
        said = b"".join(call.pieces)
        assert set(upstream.asked) <= {*models} & {*allowed}
        assert len(upstream.asked) == len(set(upstream.asked)) <= 2
        assert upstream.asked == [model for model in models if model in upstream.asked]
        heard = [model for model in "abc" if f"by {model}".encode() in said]
        assert heard == upstream.asked[-1:] or not heard

    async def story(house: House) -> None:
        await add_models(house, "a", "b", "c")
        script(house, {})
        assert isinstance(house.upstream, ByModel)
        for _ in range(12):
            await ask(house, house.upstream)
            clock.advance(400)

    play(tmp_path, story, clock, max_attempts=2, first_byte_timeout=0.2)


WITHHELD: Scripts = {
    "whole": (200, [b'{"choices":[{"index":0,"message":{"role":"assistant"},"finish_reason":"content_filter"}]}']),
    "streamed": (
        200,
        [
            b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
            b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}\n\n',
            b"data: [DONE]\n\n",
        ],
    ),
}


@BOTH_WAYS
@pytest.mark.parametrize(
    ("on", "models", "answered_by"),
    [(("content",), "ab", "b"), (("down", "rate"), "ab", "a"), (("content",), "a", "a")],
    ids=["for content", "not for content", "the last one"],
)
def test_an_answer_that_a_policy_kept_back_is_given_by_the_next_model_where_there_is_one(
    tmp_path: Path, stream: bool, on: tuple[Reason, ...], models: str, answered_by: str
) -> None:
    """It was a success: a 200 without a word. With nobody else to ask it is passed on, as for a plain model."""

    async def story(house: House) -> None:
        await add_models(house, *models)
        await add_route(house, *models, on=on)
        asked = script(house, {"a": WITHHELD["streamed" if stream else "whole"]})
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", stream=stream).served()
        assert (200, answered_by) == (call.status, call.answer_headers["x-aihub-model"])
        assert (answered_by == "a") == (b"content_filter" in b"".join(call.pieces))
        assert asked[-1] == answered_by
        [record] = await house.records()
        attempts = [(each["status"], each["fault"]) for each in msgspec.json.decode(record["attempts"])]
        assert [(200, "withheld")] * (answered_by == "b") + [(200, "")] == attempts
        assert {0} == {house.gateway.health.of(channel).faults for channel in house.gateway.registry.channels.by_id}

    play(tmp_path, story)


def in_front(house: House, *models: str) -> Awaitable[NamedRoute]:
    """A route of the first model's own name."""
    steps = tuple(RouteStep(model=model) for model in models)
    return house.gateway.registry.routes.create(NamedRoute(name=models[0], steps=steps, on=("down",)))


@BOTH_WAYS
def test_a_route_with_a_models_own_name_stands_in_front_of_it(tmp_path: Path, stream: bool) -> None:
    """Fallbacks: clients ask for the model as before, and another one answers where it cannot."""

    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await in_front(house, "a", "b")
        await house.gateway.registry.models.set_alias("best", "a")
        script(house, {"a": FAULTS["down"]})
        _, key = await house.add_token()
        calls = [await house.ask(key, model=name, stream=stream).served() for name in ("a", "best", "b")]
        assert [(200, "b")] * 2 == [(call.status, call.answer_headers["x-aihub-model"]) for call in calls[:2]]
        assert 200 == calls[2].status
        assert ["a", "b"] == [model.id for model in house.gateway.registry.catalog.models.values()]

    play(tmp_path, story)


def test_the_fallbacks_of_two_models_may_be_each_other(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await in_front(house, "a", "b")
        await in_front(house, "b", "a")
        script(house, {"b": FAULTS["down"]})
        _, key = await house.add_token()
        asked = [(await house.ask(key, model=model).served()).answer_headers["x-aihub-model"] for model in "ab"]
        assert ["a", "a"] == asked

    play(tmp_path, story)


def test_a_route_in_front_of_a_model_is_nothing_to_who_may_not_have_the_model(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await in_front(house, "a", "b")
        token, key = await house.add_token(models=("b",))
        refused = await house.ask(key, model="a").served()
        assert 403 == refused.status
        assert ["b"] == [*await Listing(house.gateway).models_of(token)]
        _, key = await house.add_token(models=("a",))
        script(house, {"a": FAULTS["down"]})
        assert "b" == (await house.ask(key, model="a").served()).answer_headers["x-aihub-model"]

    play(tmp_path, story)


def test_a_route_without_the_model_whose_name_it_has_is_refused(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        with pytest.raises(Conflict, match="only a route that tries it too"):
            await house.gateway.registry.routes.create(NamedRoute(name="a", steps=(RouteStep(model="b"),)))

    play(tmp_path, story)


def test_the_alias_of_every_name_answers_what_nobody_offers_and_is_in_no_list(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await house.gateway.registry.models.set_alias("*", "b")
        token, key = await house.add_token()
        asked = script(house, {})
        assert [200, 200] == [(await house.ask(key, model=name).served()).status for name in ("no-such-model", "a")]
        assert ["b", "a"] == asked
        assert ["a", "b"] == [*await Listing(house.gateway).models_of(token)]
        with pytest.raises(NotFound):
            Listing(house.gateway).model_named("no-such-model", token)
        _, key = await house.add_token(models=("a",))
        assert 403 == (await house.ask(key, model="no-such-model").served()).status

    play(tmp_path, story)


@BOTH_WAYS
def test_where_every_model_keeps_its_answer_back_the_last_one_says_so(tmp_path: Path, stream: bool) -> None:
    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b", on=("content",))
        asked = script(house, dict.fromkeys("ab", WITHHELD["streamed" if stream else "whole"]))
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", stream=stream).served()
        assert (200, ["a", "b"], True) == (call.status, asked, b"content_filter" in b"".join(call.pieces))

    play(tmp_path, story)
