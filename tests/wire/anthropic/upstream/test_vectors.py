"""Recorded traffic of Anthropic's: what comes out is strict, complete, the same streamed or not, and counted right."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from aihub_lite.wire.anthropic.upstream.answer import chat_of
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.anthropic.usage import usage_of
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.sse import EventSplitter
from aihub_lite.wire.upstream_error import error_of
from tests.support.checkers.chat import CheckedChoice, check_chat_answer, check_chat_stream
from tests.support.replay import VECTORS, Vector, requires_vectors, vectors

pytestmark = requires_vectors

PROVIDERS = ("anthropic", "fixtures")
RECORDED = vectors("messages", PROVIDERS)
NO_MESSAGES = {"8abe345b5ffa": "a skill", "22709704c7c7": "a version of a skill"}
"""Filed under messages, but answers of another endpoint."""
STREAMS = [vector for vector in RECORDED if vector.status == 200 and vector.streamed]
ANSWERS = [
    vector for vector in RECORDED if vector.status == 200 and not vector.streamed and vector.id not in NO_MESSAGES
]
ERRORS = [vector for vector in RECORDED if vector.status != 200]
SMALL = 3000
"""Bytes up to which a whole stream is cut at every position; larger ones are cut so event by event."""


def payloads(*pieces: bytes) -> list[bytes]:
    splitter = EventSplitter(1 << 20)
    return [payload for piece in pieces for payload in splitter.feed(piece)] + splitter.flush()


def through(*pieces: bytes, include_usage: bool = True) -> tuple[bytes, ChatStream]:
    stream = AnthropicStream()
    chat = ChatStream("asked-for", "r1", 1_700_000_000, include_usage)
    sent = [event for one in payloads(*pieces) for chunk in stream.push(one) for event in chat.push_chunk(chunk)]
    assert stream.done
    assert chat.finish_reason is not None
    return b"".join(sent + chat.end()), chat


def answered(answer: dict[str, Any]) -> bytes:
    return answer_of(msgspec.json.encode(chat_of(answer)), "asked-for", "r1", 1_700_000_000).body


def message_of(raw: bytes) -> dict[str, Any]:
    """The first message of a stream, put together naively."""
    message: dict[str, Any] = {}
    blocks: list[dict[str, Any]] = []
    for payload in payloads(raw):
        event = msgspec.json.decode(payload)
        kind = event["type"]
        delta = event.get("delta", {})
        if kind == "message_start":
            message = message or {**event["message"], "usage": dict(event["message"]["usage"])}
        elif kind == "content_block_start":
            blocks.append(dict(event["content_block"]))
        elif kind == "content_block_delta":
            _grow(blocks[-1], delta)
        elif kind == "message_delta":
            message |= delta
            message["usage"] |= {name: value for name, value in event["usage"].items() if value is not None}
        elif kind == "message_stop":
            break
    for block in blocks:
        if "json" in block:
            block["input"] = _loaded(block.pop("json"))
    return {**message, "content": blocks}


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta["type"]
    if kind == "input_json_delta":
        block["json"] = block.get("json", "") + delta["partial_json"]
    elif kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    elif kind != "compaction_delta":
        name = kind.removesuffix("_delta")
        block[name] = block.get(name, "") + delta[name]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def facts(choice: CheckedChoice) -> dict[str, Any]:
    """What a choice says, whether it was streamed or not."""
    calls = [
        (call["id"], call["function"]["name"], _loaded(call["function"]["arguments"])) for call in choice.tool_calls
    ]
    return {
        "content": choice.content,
        "reasoning": choice.reasoning,
        "refusal": choice.refusal,
        "finish_reason": choice.finish_reason,
        "calls": calls,
    }


def lists_of(extras: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"reasoning_details": [], "annotations": []}
    for name, value in extras:
        found[name] += value
    for annotation in found["annotations"]:
        del annotation["index"]  # which only deltas have
    return found


@pytest.mark.parametrize("vector", STREAMS, ids=str)
@pytest.mark.parametrize("include_usage", [True, False])
def test_every_recorded_stream_comes_out_strict(vector: Vector, include_usage: bool) -> None:
    sent, chat = through(vector.body, include_usage=include_usage)

    assert "asked-for" == check_chat_stream(sent, include_usage=include_usage).model
    assert chat.has_content


@pytest.mark.parametrize("vector", ANSWERS, ids=str)
def test_every_recorded_answer_comes_out_strict(vector: Vector) -> None:
    upstream = msgspec.json.decode(vector.body)
    seen = check_chat_answer(answered(upstream))

    texts = [block["text"] for block in upstream["content"] if block["type"] == "text"]
    calls = [(one["id"], one["name"], one["input"]) for one in upstream["content"] if one["type"] == "tool_use"]
    thoughts = [block["thinking"] for block in upstream["content"] if block["type"] == "thinking"]
    assert ("".join(texts), calls, "".join(thoughts)) == (
        seen.first.content,
        facts(seen.first)["calls"],
        seen.first.reasoning,
    )


@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_stream_says_what_the_same_answer_says_that_is_not_streamed(vector: Vector) -> None:
    streamed = check_chat_stream(through(vector.body)[0], include_usage=True)
    body = answered(message_of(vector.body))
    whole = check_chat_answer(body)
    message = msgspec.json.decode(body)["choices"][0]["message"]

    assert facts(whole.first) == facts(streamed.first)
    assert whole.usage == streamed.usage
    assert {name: message.get(name, []) for name in ("reasoning_details", "annotations")} == lists_of(
        streamed.first.extras
    )


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_cut_at_any_byte_of_a_recorded_stream_changes_no_event(vector: Vector) -> None:
    blocks = [block + b"\n\n" for block in vector.body.split(b"\n\n")]
    for block, following in itertools.pairwise([*blocks, b""]):
        raw = block + following
        expected = payloads(raw)
        for position in range(len(block) + 1):
            assert expected == payloads(raw[:position], raw[position:]), f"cut at {position} of {block!r}"


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", [vector for vector in STREAMS if len(vector.body) <= SMALL], ids=str)
def test_a_small_stream_cut_at_any_byte_comes_out_the_same(vector: Vector) -> None:
    expected = through(vector.body)[0]

    for position in range(len(vector.body)):
        assert expected == through(vector.body[:position], vector.body[position:])[0], f"cut at {position}"


@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_stream_dribbled_byte_by_byte_comes_out_the_same(vector: Vector) -> None:
    dribbled = (vector.body[i : i + 1] for i in range(len(vector.body)))

    assert through(vector.body)[0] == through(*dribbled)[0]


@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_stream_broken_off_before_its_end_is_never_taken_for_a_whole_one(vector: Vector) -> None:
    stream = AnthropicStream()
    events = [msgspec.json.decode(payload) for payload in payloads(vector.body)]
    end = next(place for place, event in enumerate(events) if event["type"] == "message_stop")
    for event in events[:end]:
        stream.push_event(event)
        assert not stream.done


@pytest.mark.parametrize("vector", ERRORS, ids=str)
def test_every_recorded_error_says_whose_fault_it_is(vector: Vector) -> None:
    error = error_of(vector.status, vector.body)

    assert ("model" if vector.status == 404 else "client") == error.kind
    assert msgspec.json.decode(vector.body)["error"]["message"] == error.message


@pytest.mark.parametrize("vector", [vector for vector in RECORDED if vector.id in NO_MESSAGES], ids=str)
def test_what_is_no_message_is_nonsense(vector: Vector) -> None:
    with pytest.raises(AnswerNonsense):
        answered(msgspec.json.decode(vector.body))


def oracle() -> Iterator[tuple[dict[str, Any], list[dict[str, int]]]]:
    """Usage bodies of Anthropic's, with the splits that genai-prices' extractors make of each."""
    path = VECTORS / "usages.jsonl"
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        record = msgspec.json.decode(line)
        usage = record["body"].get("usage")
        anthropic = [
            entry["usage"]
            for entry in record["extracted"]
            if any((one["provider_id"], one["api_flavor"]) == ("anthropic", "default") for one in entry["extractors"])
        ]
        if isinstance(usage, dict) and "claude" in str(record.get("model")) and "input_tokens" in usage and anthropic:
            yield usage, anthropic


def test_usage_is_split_as_the_price_oracle_splits_it() -> None:
    """But for `iterations`, which it leaves out and Anthropic bills: those of a compaction, say."""
    cases = list(oracle())

    assert len(cases) > 100
    beside = [{name: value for name, value in body.items() if name != "iterations"} for body, _ in cases]
    more = [body for (body, _), alone in zip(cases, beside, strict=True) if usage_of(body) != usage_of(alone)]
    assert {"compaction", "advisor_message"} <= {step["type"] for body in more for step in body["iterations"]}
    for body, (_, splits) in zip(beside, cases, strict=True):
        usage = usage_of(body)
        assert usage is not None
        assert {
            "input_tokens": usage.prompt_tokens,
            "output_tokens": usage.completion_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "output_reasoning_tokens": usage.reasoning_tokens,
        } in [_with_zeros(split) for split in splits], body


def _with_zeros(split: dict[str, int]) -> dict[str, int]:
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "output_reasoning_tokens")
    return {name: split.get(name, 0) for name in names}


def test_hardly_any_vector_is_skipped() -> None:
    table = {
        "streams": (len(STREAMS), 0, ""),
        "answers": (len(ANSWERS), 0, ""),
        "errors": (len(ERRORS), 0, ""),
        "no messages": (0, len(NO_MESSAGES), ", ".join(NO_MESSAGES.values())),
    }
    print(f"\n{'messages':12} {'vectors':>8} {'passed':>8} {'skipped':>8}")
    for name, (passed, skipped, reason) in table.items():
        print(f"{name:12} {passed + skipped:8} {passed:8} {skipped:8}  {reason}".rstrip())

    assert len(RECORDED) == sum(passed + skipped for passed, skipped, _ in table.values())
    assert 0.02 >= sum(skipped for _, skipped, _ in table.values()) / len(RECORDED)
