"""A named route asks models that can do what is needed, and stays with the one that holds a conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.channel import Ability, ModelFacts, Offer
from aihub_lite.domain.route import RouteStep
from aihub_lite.gateway.routing.homes import KEPT, Homes
from aihub_lite.gateway.upkeep.explain import explain
from aihub_lite.gateway.upkeep.explained_request import CHAT_PATH, sample_of
from tests.gateway.line.test_named_routes import FAULTS, Scripts, add_models, add_route, play, script
from tests.support.clock import ManualClock
from tests.support.inprocess import House

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
PDF = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
NEEDS: dict[Ability, dict[str, Any]] = {
    "tools": {"tools": [TOOL]},
    "image": {"messages": [{"role": "user", "content": [IMAGE]}]},
    "audio": {"messages": [{"role": "user", "content": [SOUND]}]},
    "file": {"messages": [{"role": "user", "content": [PDF]}]},
    "structured": {"response_format": SCHEMA},
    "reasoning": {"reasoning_effort": "high"},
}


async def add_known(house: House, name: str, facts: ModelFacts | None) -> None:
    await house.add_channel(name, offers=(Offer(name, f"{name}-upstream", facts),))


@pytest.mark.parametrize("need", NEEDS)
def test_a_model_that_cannot_is_passed_over_and_one_that_nobody_knows_comes_last(tmp_path: Path, need: Ability) -> None:
    async def story(house: House) -> None:
        await add_known(house, "a", ModelFacts(cannot=(need,)))
        await add_known(house, "b", None)
        await add_known(house, "c", ModelFacts(can=(need,)))
        await add_route(house, "a", "b", "c", on=("down",))
        asked = script(house, {"c": FAULTS["down"]})
        _, key = await house.add_token()
        assert 200 == (await house.ask(key, model="coding", **NEEDS[need]).served()).status
        assert ["c", "b"] == asked
        asked.clear()
        assert 200 == (await house.ask(key, model="coding").served()).status
        assert ["a"] == asked
        body = {"model": "coding", "messages": [{"role": "user", "content": "Hi"}], **NEEDS[need]}
        explained = explain(house.gateway, "coding", None, sample_of(CHAT_PATH, body, "coding"))
        assert ["c", "b"] == [channel.model for channel in explained.channels]
        assert "nobody knows whether it" in explained.channels[1].why
        assert ["a"] == [passed.model for passed in explained.passed]
        assert explained.passed[0].why.startswith("it does not ")

    play(tmp_path, story)


def test_a_request_that_no_model_can_take_is_refused_with_the_reasons(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await add_known(house, "a", ModelFacts(cannot=("tools",)))
        await add_known(house, "b", ModelFacts(context_length=5))
        await add_route(house, "a", "b")
        asked = script(house, {})
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", tools=[TOOL]).served()
        assert (400, "context_length_exceeded", []) == (call.status, call.code, asked)
        assert "it does not call tools" in call.json()["error"]["message"]

    play(tmp_path, story)


def test_what_an_upstream_lists_counts_before_what_a_family_is_known_for(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        for name, upstream in (("a", "gpt-3.5-turbo"), ("b", "gpt-4o"), ("c", "claude-sonnet-4-5-20250929")):
            facts = ModelFacts(input_modalities=("text",)) if name == "b" else None
            await house.add_channel(name, offers=(Offer(name, upstream, facts),))
        await add_route(house, "a", "b", "c")
        _, key = await house.add_token()
        call = await house.ask(key, model="coding", **NEEDS["image"]).served()
        assert (200, "c") == (call.status, call.answer_headers["x-aihub-model"])

    play(tmp_path, story)


@pytest.mark.parametrize(("window", "asked_first"), [(8_000, "b"), (1_000_000, "a"), (None, "b")])
def test_a_long_prompt_goes_to_a_model_whose_window_is_known_to_take_it(
    tmp_path: Path, window: int | None, asked_first: str
) -> None:
    async def story(house: House) -> None:
        await add_known(house, "a", ModelFacts(context_length=window))
        await add_known(house, "b", ModelFacts(context_length=200_000))
        await add_route(house, "a", "b")
        asked = script(house, {})
        _, key = await house.add_token()
        messages = [{"role": "user", "content": "word " * 10_000}]
        assert 200 == (await house.ask(key, model="coding", messages=messages).served()).status
        assert [asked_first] == asked

    play(tmp_path, story)


def test_a_prompt_too_long_for_one_model_goes_to_none_of_a_smaller_window(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        for name, window in (("a", 8000), ("b", 8000), ("c", 16000)):
            offer = Offer(name, f"{name}-upstream", ModelFacts(context_length=window))
            await house.add_channel(name, offers=(offer,))
        await add_route(house, "a", "b", "c", on=("context",))
        asked = script(house, {"a": FAULTS["context"]})
        _, key = await house.add_token()
        assert 200 == (await house.ask(key, model="coding").served()).status
        assert ["a", "c"] == asked

    play(tmp_path, story)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_stays_with_the_model_that_answered_it_while_that_is_well(tmp_path: Path, stream: bool) -> None:
    clock = ManualClock()

    async def story(house: House) -> None:
        await add_models(house, "a", "b")
        await add_route(house, "a", "b")
        scripts: Scripts = {"a": FAULTS["down"]}
        asked = script(house, scripts)
        token, key = await house.add_token()
        said = [{"role": "user", "content": "Hi"}]
        await house.ask(key, model="coding", messages=said, stream=stream).served()
        scripts.clear()
        said += [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "And?"}]
        await house.ask(key, model="coding", messages=said, stream=stream).served()
        assert ["a", "b", "b"] == asked
        asked.clear()

        body = {"model": "coding", "messages": said}
        explained = explain(house.gateway, "coding", token, sample_of(CHAT_PATH, body, "coding"))
        assert ["b", "a"] == [channel.model for channel in explained.channels]
        _, other = await house.add_token()
        await house.ask(other, model="coding", messages=said).served()
        await house.ask(key, model="coding", messages=said[:1]).served()
        assert ["a", "a"] == asked
        asked.clear()

        scripts["b"] = FAULTS["down"]
        await house.ask(key, model="coding", messages=said).served()
        await house.ask(key, model="coding", messages=said).served()
        assert ["a", "a"] == asked

    play(tmp_path, story, clock)


def test_homes_are_forgotten_after_an_hour_and_the_oldest_when_there_are_too_many() -> None:
    clock = ManualClock()
    homes = Homes(clock, limit=2)
    for conversation in (b"1", b"2", b"3"):
        homes.remember(conversation, "m")
    assert [None, "m", "m"] == [homes.model_of(conversation) for conversation in (b"1", b"2", b"3")]
    assert 2 == len(homes)
    clock.advance(KEPT + 1)
    assert homes.model_of(b"3") is None


def test_a_step_that_cannot_is_no_step_for_other_endpoints(tmp_path: Path) -> None:
    """An upstream of another format has no embeddings: its model is passed over there alone."""

    async def story(house: House) -> None:
        await house.add_channel("a", provider="anthropic")
        await house.add_channel("b")
        await add_route(house, RouteStep(model="a"), "b")
        body = {"model": "coding", "input": "Hi"}
        explained = explain(house.gateway, "coding", None, sample_of("/v1/embeddings", body, "coding"))
        assert ["b"] == [channel.model for channel in explained.channels]
        assert ["a"] == [passed.model for passed in explained.passed]

    play(tmp_path, story)


def test_a_conversation_goes_to_the_model_that_alone_can_read_its_thoughts(tmp_path: Path) -> None:
    """As it comes to the route: Claude answered it under its own name."""

    async def story(house: House) -> None:
        await add_models(house, "a")
        offers = (Offer("b", "claude-sonnet-5-5"),)
        claude = await house.add_channel("b", provider="anthropic", keys=("sk-1",), offers=offers)
        await add_route(house, "a", "b")
        asked = script(house, {})
        _, key = await house.add_token()
        detail = {"type": "reasoning.text", "text": "Hm", "signature": "signed", "format": "anthropic-claude-v1"}
        thought = {"role": "assistant", "content": "Hello", "reasoning_details": [detail]}
        said: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}, thought, {"role": "user", "content": "And?"}]
        await house.ask(key, model="coding", messages=said).served()
        assert "a" == asked[0]
        asked.clear()
        house.gateway.line.failover.affinity.remember((claude.id, "k1"), [detail])
        said[0]["content"] = "Another conversation"
        await house.ask(key, model="coding", messages=said).served()
        assert "claude-sonnet-5-5" == asked[0]
        [*_, record] = await house.records()
        assert "a" == record["model"]
        assert 0 < record["cost_nano"]

    play(tmp_path, story)


def test_what_the_operator_says_counts_before_what_the_upstream_lists_also_after_a_restart(tmp_path: Path) -> None:
    async def say(house: House) -> None:
        await add_known(house, "a", ModelFacts(can=("tools",), context_length=100_000))
        await add_known(house, "b", ModelFacts(cannot=("tools",)))
        await add_route(house, "a", "b")
        await house.gateway.registry.facts.put("a", ModelFacts(cannot=("tools",)))
        await house.gateway.registry.facts.put("b", ModelFacts(can=("tools",)))

    async def ask(house: House) -> None:
        asked = script(house, {})
        _, key = await house.add_token()
        assert 200 == (await house.ask(key, model="coding", tools=[TOOL]).served()).status
        assert ["b"] == asked

    play(tmp_path, say)
    play(tmp_path, ask)
