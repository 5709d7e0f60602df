"""How long an answer can be pointed at, and how large a request may become of it: with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import msgspec

from aihub_lite.gateway.state.answers import KEPT_FOR, Bounds
from aihub_lite.web.app import create_app
from aihub_lite.wire.foreign_json import MAX_VALUES
from tests.support.asgi import Call, header_list, post
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, MODEL, House, open_house

PATH = "/v1/responses"


@attrs.define(eq=False)
class Client:
    """A client of a house, with a key of its own."""

    house: House
    key: str

    async def ask(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of an answer."""
        call = await post(PATH, self.key, {"model": MODEL, **fields}).start(self.house.app).served()
        return call.status, msgspec.json.decode(call.content)


@asynccontextmanager
async def client(directory: Path, **fields: Any) -> AsyncIterator[Client]:
    """Leaves with nothing under way."""
    async with open_house(directory / "data", create_app, **fields) as house:
        await house.add_channel()
        _, key = await house.add_token()
        yield Client(house, key)
        assert AT_REST == await house.at_rest()


def test_an_answer_is_found_for_ten_minutes_after_its_last_use(tmp_path: Path) -> None:
    async def story() -> list[int]:
        clock = ManualClock()
        async with client(tmp_path, clock=clock) as asking:
            _, first = await asking.ask(input="Hello")
            statuses = []
            for seconds in (KEPT_FOR - 1, KEPT_FOR - 1, KEPT_FOR):
                clock.advance(seconds)
                status, _ = await asking.ask(input="More", previous_response_id=first["id"], store=False)
                statuses.append(status)
            assert (0, 0) == (len(asking.house.gateway.answers), asking.house.gateway.answers.size)
            return statuses

    assert [200, 200, 400] == asyncio.run(story())


def test_a_request_that_was_still_being_sent_when_its_key_was_rotated_leaves_nothing(tmp_path: Path) -> None:
    """What was said with a key is gone with it, however slowly it was said."""

    async def story() -> tuple[int, int]:
        async with client(tmp_path) as asking:
            tokens = asking.house.gateway.registry.tokens
            data = msgspec.json.encode({"model": MODEL, "input": "Hello"})
            call = Call(PATH, headers=header_list(asking.key))
            call.feed(data[:9], more=True)
            call.start(asking.house.app)
            while not call.heard:
                await asyncio.sleep(0)
            await tokens.rotate(next(iter(tokens.all)).id)
            call.feed(data[9:], more=False)
            await call.served()
            return call.status, len(asking.house.gateway.answers)

    assert (200, 0) == asyncio.run(story())


def test_a_small_request_does_not_become_larger_than_one_may_be(tmp_path: Path) -> None:
    """One that doubles what it points at with every turn would fill the memory in twenty."""

    async def story() -> list[tuple[int, str]]:
        async with client(tmp_path, max_body_bytes=100_000) as asking:
            _, answer = await asking.ask(input="x" * 60_000)
            told = []
            reference = {"type": "item_reference", "id": answer["output"][0]["id"]}
            for fields in (
                {"input": "y" * 30_000, "previous_response_id": answer["id"]},
                {"input": "y" * 50_000, "previous_response_id": answer["id"]},
                {"input": [reference] * 800},
            ):
                status, body = await asking.ask(**fields)
                told.append((status, (body["error"] or {"message": ""})["message"]))
            return told

    too_large = (413, "The request is larger than 100000 bytes with all that it points at.")
    assert [(200, ""), too_large, too_large] == asyncio.run(story())


def test_what_a_request_points_at_counts_among_its_values(tmp_path: Path) -> None:
    async def story() -> tuple[int, str]:
        async with client(tmp_path) as asking:
            many = {"role": "user", "content": [{"type": "input_text", "text": "x"}] * (MAX_VALUES // 5)}
            status, answer = await asking.ask(input=[many])
            assert 200 == status
            status, body = await asking.ask(input=[many], previous_response_id=answer["id"])
            return status, body["error"]["message"]

    assert (400, f"The request body holds more than {MAX_VALUES} values.") == asyncio.run(story())


def test_a_conversation_that_is_too_large_to_keep_leaves_items_to_point_at(tmp_path: Path) -> None:
    """Who sends a large picture with every turn, as the AI SDK does, points at the answers alone."""

    async def story() -> list[int]:
        async with client(tmp_path) as asking:
            asking.house.gateway.answers.bounds = Bounds(all_bytes=80_000, token_bytes=20_000)
            _, answer = await asking.ask(input="x" * 60_000)
            reference = {"type": "item_reference", "id": answer["output"][0]["id"]}
            by_item, _ = await asking.ask(input=["x" * 60_000, reference, "And?"])
            by_response, _ = await asking.ask(input="And?", previous_response_id=answer["id"])
            return [by_item, by_response]

    assert [200, 400] == asyncio.run(story())


def test_tokens_without_end_fill_no_more_than_the_bound(tmp_path: Path) -> None:
    async def story() -> None:
        async with client(tmp_path) as asking:
            answers = asking.house.gateway.answers
            answers.bounds = Bounds(all_bytes=40_000, token_bytes=10_000)
            for number in range(12):
                _, key = await asking.house.add_token()
                status, _ = await Client(asking.house, key).ask(input=f"{number}" + "x" * 5_000)
                assert 200 == status
                assert answers.size <= 40_000
            assert 5 == len(answers)

    asyncio.run(story())
