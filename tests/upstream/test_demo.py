"""The built-in demo upstream, through Transport.send as the gateway reaches it."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.config import Settings
from aihub_lite.upstream.demo import DemoUpstream
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Response, Transport
from tests.support.clock import ManualClock

BASE = PROVIDERS["demo"].base_url
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
HELLO = {"role": "user", "content": "one two three"}


def respond(body: object, path: str = "/chat/completions", method: str = "POST") -> tuple[int, bytes]:
    async def main() -> tuple[int, bytes]:
        async with Transport(Settings(data_dir=Path()), demo=DemoUpstream(delay=0, clock=ManualClock())) as transport:
            data = None if body is None else msgspec.json.encode(body)
            response: Response = await transport.send(method, BASE + path, [], data)
            try:
                return response.status, await response.read(2**20)
            finally:
                await response.aclose()

    return asyncio.run(main())


def answer(**fields: object) -> dict[str, Any]:
    return msgspec.json.decode(respond({"model": "demo", "messages": [HELLO]} | fields)[1], type=dict[str, Any])


def events(**fields: object) -> list[bytes]:
    data = respond({"model": "demo", "messages": [HELLO], "stream": True} | fields)[1]
    return [block.removeprefix(b"data: ") for block in data.split(b"\n\n")[:-1]]


def chunks(**fields: object) -> list[dict[str, Any]]:
    return [msgspec.json.decode(event, type=dict[str, Any]) for event in events(**fields)[:-1]]


def test_an_answer_counts_the_words_it_received_and_repeats_none() -> None:
    content = answer()["choices"][0]["message"]["content"]
    assert "3 words" in content
    assert "two" not in content


def test_streamed_answer_is_the_same_text_word_by_word() -> None:
    deltas = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks()]
    assert answer()["choices"][0]["message"]["content"] == "".join(deltas)
    assert 10 < len(deltas)


def test_stream_ends_with_one_finish_reason_and_done() -> None:
    assert b"[DONE]" == events()[-1]
    assert ["stop"] == [reason for chunk in chunks() if (reason := chunk["choices"][0]["finish_reason"])]


def test_usage_chunk_comes_last_and_only_when_asked_for() -> None:
    assert [] == [chunk for chunk in chunks() if "usage" in chunk]
    last = chunks(stream_options={"include_usage": True})[-1]
    assert [] == last["choices"]
    assert last["usage"]["total_tokens"] == last["usage"]["prompt_tokens"] + last["usage"]["completion_tokens"]


def test_tool_is_called_when_tools_are_given() -> None:
    choice = answer(tools=[TOOL])["choices"][0]
    assert ("tool_calls", None) == (choice["finish_reason"], choice["message"]["content"])
    assert {"name": "get_weather", "arguments": "{}"} == choice["message"]["tool_calls"][0]["function"]


def test_streamed_tool_call_has_index_id_and_name() -> None:
    calls = [chunk["choices"][0]["delta"]["tool_calls"] for chunk in chunks(tools=[TOOL])[1:-1]]
    assert [[0, "get_weather", True]] == [
        [call["index"], call["function"]["name"], call["id"].startswith("call_")] for (call,) in calls
    ]


def test_tool_result_is_answered_with_text() -> None:
    history = [HELLO, {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}]
    choice = answer(tools=[TOOL], messages=history)["choices"][0]
    assert ("stop", True) == (choice["finish_reason"], "1 word," in choice["message"]["content"])


def test_same_request_gives_the_same_bytes() -> None:
    assert events() == events()


def test_an_answer_was_made_when_it_was_asked_for() -> None:
    """Every answer was of November 2023, and clients that sort by time put it first."""
    now = int(ManualClock().wall())
    assert {now} == {answer()["created"], *(chunk["created"] for chunk in chunks())}


def test_image_parts_are_counted_not_read() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    content = answer(messages=[{"role": "user", "content": parts}])["choices"][0]["message"]["content"]
    assert "1 word and 1 attachment" in content


def test_models_lists_demo() -> None:
    status, data = respond(None, "/models", "GET")
    assert (200, ["demo"]) == (status, [model["id"] for model in msgspec.json.decode(data)["data"]])


@pytest.mark.parametrize(("method", "path"), [("POST", "/rerank"), ("GET", "/chat/completions"), ("GET", "/")])
def test_unknown_path_is_a_json_404(method: str, path: str) -> None:
    status, data = respond({}, path, method)
    assert (404, "not_found") == (status, msgspec.json.decode(data)["error"]["code"])


@pytest.mark.parametrize("body", [[], "x", {}, {"messages": []}, {"messages": [7]}, {"messages": [{}]}])
def test_nonsense_is_a_json_400(body: object) -> None:
    status, data = respond(body)
    assert (400, "invalid_request") == (status, msgspec.json.decode(data)["error"]["code"])


def test_a_picture_costs_fewer_tokens_than_the_text_of_its_bytes() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    usage = answer(messages=[{"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]}])["usage"]
    assert usage["prompt_tokens"] < 2000


def vectors(texts: object, **fields: object) -> list[list[float]]:
    data = respond({"model": "demo", "input": texts, **fields}, "/embeddings")[1]
    return [row["embedding"] for row in msgspec.json.decode(data)["data"]]


def test_tokens_are_embedded_as_texts_are() -> None:
    """LangChain sends tokens, and could not be tried without a real provider."""
    one, other = [1, 2, 3], [4, 5, 6]
    assert vectors(one) == [vectors([one, other])[0]]
    assert (2, 3) == (len(vectors([one, other])), len(vectors([one, "a text", other])))
    assert vectors([one, other])[0] != vectors([one, other])[1]


def test_tokens_are_counted_by_the_piece() -> None:
    data = respond({"model": "demo", "input": [[1, 2, 3], [4]]}, "/embeddings")[1]
    assert {"prompt_tokens": 4, "total_tokens": 4} == msgspec.json.decode(data)["usage"]


def test_an_embedding_is_the_same_at_every_call_and_of_length_one() -> None:
    assert vectors("one two") == vectors("one two")
    assert 1.0 == pytest.approx(math.hypot(*vectors("one two")[0]), abs=1e-4)


def test_texts_that_share_words_lie_nearer_to_each_other() -> None:
    cat, kitten, invoice = vectors(["the cat sat on the mat", "the cat lay on the mat", "overdue invoice number seven"])
    near, far = (sum(a * b for a, b in zip(cat, other, strict=True)) for other in (kitten, invoice))
    assert near > far + 0.2


@pytest.mark.parametrize(("fields", "size"), [({}, 32), ({"dimensions": 3}, 3), ({"dimensions": 1024}, 1024)])
def test_an_embedding_has_the_dimensions_of_the_request(fields: dict[str, int], size: int) -> None:
    assert [size, size] == [len(vector) for vector in vectors(["", "two"], **fields)]


@pytest.mark.parametrize("body", [{}, {"input": 5}, {"input": [1.5, 2]}, {"input": "x", "dimensions": 0}, []], ids=str)
def test_what_cannot_be_embedded_is_a_400(body: object) -> None:
    assert 400 == respond(body, "/embeddings")[0]
