"""What other gateways got wrong between two that speak chat, each under the number that the three files share.

The other two are those of Anthropic's and of Gemini's wire; together they hold every number of the collection.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.request import parse_chat, upstream_body
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.sse import EventSplitter
from tests.support.checkers.chat import CheckedStream, check_chat_answer, check_chat_stream
from tests.support.upstream.answers import DONE, chat_chunk, sse_event, usage_chunk

FILES = ("test_known_bugs.py", "anthropic/upstream/test_known_bugs.py", "gemini/test_known_bugs.py")
HELLO = {"role": "user", "content": "Hello"}
SIGNED = {"google": {"thought_signature": "c2ln"}}


def streamed(*deltas: dict[str, Any], finish: str = "stop") -> CheckedStream:
    """What a client has of a stream of an upstream's deltas."""
    return read(*(sse_event(chat_chunk(delta)) for delta in deltas), sse_event(chat_chunk({}, finish)), DONE)


def read(*pieces: bytes) -> CheckedStream:
    splitter, chat = EventSplitter(1 << 20), ChatStream("m", "r", 1, include_usage=True)
    sent = [event for piece in pieces for payload in splitter.feed(piece) for event in chat.push(payload)]
    return check_chat_stream(b"".join(sent + chat.end()), include_usage=True)


def piece(index: int | None, arguments: Any, name: str | None = None, call_id: str | None = None) -> dict[str, Any]:
    """One delta of a call."""
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    fields = {"index": index, "id": call_id, "type": "function"}
    return {
        "tool_calls": [{**{key: value for key, value in fields.items() if value is not None}, "function": function}]
    }


def calls_of(checked: CheckedStream) -> list[tuple[str, str]]:
    return [(call["function"]["name"], call["function"]["arguments"]) for call in checked.tool_calls]


def sent(provider: str, **body: Any) -> dict[str, Any]:
    """What an upstream of this provider gets."""
    data = msgspec.json.encode({"model": "m", "messages": [HELLO], **body})
    upstream: dict[str, Any] = msgspec.json.decode(upstream_body(parse_chat(data), "up", PROVIDERS[provider].quirks))
    return upstream


def test_every_number_of_the_collection_is_a_test() -> None:
    texts = [
        Path(__file__).with_name(Path(name).parts[0]).joinpath(*Path(name).parts[1:]).read_text() for name in FILES
    ]
    numbers = {int(number) for text in texts for number in re.findall(r"def test_(\d+)_", text)}

    assert set(range(1, 28)) == numbers


def test_3_fragments_of_parallel_calls_are_not_run_together() -> None:
    checked = streamed(piece(0, "{", "f", "a"), piece(1, "[", "g", "b"), piece(0, "}"), piece(1, "]"))

    assert [("f", "{}"), ("g", "[]")] == calls_of(checked)


def test_10_counts_that_grow_from_chunk_to_chunk_are_not_added() -> None:
    used = [{"prompt_tokens": 10, "completion_tokens": count, "total_tokens": 10 + count} for count in (1, 2)]
    events = [sse_event({**chat_chunk({"content": "x"}), "usage": usage}) for usage in used]
    checked = read(*events, sse_event(chat_chunk({}, "stop")), sse_event(usage_chunk(used[-1])), DONE)

    assert checked.usage is not None
    assert (10, 2) == (checked.usage["prompt_tokens"], checked.usage["completion_tokens"])


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_11_a_line_separator_inside_a_text_does_not_cut_the_event(sign: str) -> None:
    raw = f"data: {json.dumps(chat_chunk({'content': f'a{sign}b'}), ensure_ascii=False)}\n\n".encode()

    assert f"a{sign}b" == read(raw, sse_event(chat_chunk({}, "stop")), DONE).content


def test_12_a_stream_cut_inside_a_sign_is_put_together() -> None:
    raw = f"data: {json.dumps(chat_chunk({'content': '日本😀'}), ensure_ascii=False)}\n\n".encode()
    end = sse_event(chat_chunk({}, "stop"))

    assert {"日本😀"} == {read(raw[:cut], raw[cut:], end, DONE).content for cut in range(len(raw))}


def test_14_a_call_whose_first_name_is_empty_is_not_dropped() -> None:
    checked = streamed(piece(0, "", "", "a"), piece(0, '{"x":', "f"), piece(0, "1}", ""))

    assert [("f", '{"x":1}')] == calls_of(checked)


def test_15_a_thought_signature_survives_the_way_through_both_ways() -> None:
    delta = piece(0, "{}", "f", "a")
    delta["tool_calls"][0]["extra_content"] = SIGNED
    call = streamed(delta).tool_calls[0]
    history = [HELLO, {"role": "assistant", "content": None, "tool_calls": [call]}]

    assert SIGNED == call["extra_content"]
    assert history == sent("openrouter", messages=history)["messages"]


@pytest.mark.parametrize("provider", ["vllm", "openai", "deepseek", "mistral"])
def test_17_thinking_that_claude_signed_is_no_part_for_other_upstreams(provider: str) -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    parts = [thought, {"type": "redacted_thinking", "data": "d"}, {"type": "text", "text": "Yes"}]
    calls = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    chat = [HELLO, {"role": "assistant", "content": parts}]
    chat += [HELLO, {"role": "assistant", "content": [thought], "tool_calls": calls}]
    messages = sent(provider, messages=chat)["messages"]

    assert [[{"type": "text", "text": "Yes"}], None] == [messages[1]["content"], messages[3]["content"]]


def test_17_mistral_gets_back_the_thinking_that_it_said_itself() -> None:
    own = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}
    chat = [HELLO, {"role": "assistant", "content": [own, {"type": "text", "text": "Yes"}]}]

    assert chat == sent("mistral", messages=chat)["messages"]


def test_20_tools_of_any_kind_are_passed_on() -> None:
    tools = [{"type": "custom", "custom": {"name": "apply_patch"}}, {"type": "namespace", "name": "n", "tools": []}]

    assert tools == sent("openai", tools=tools)["tools"]


def test_23_calls_with_objects_for_arguments_and_index_0_each_are_calls_all_the_same() -> None:
    checked = streamed(piece(0, {"x": 1}, "f", "a"), piece(0, {"x": 2}, "f", "b"))

    assert [("f", '{"x":1}'), ("f", '{"x":2}')] == calls_of(checked)
    assert "tool_calls" == checked.finish_reason


def test_23_the_same_holds_for_an_answer_that_is_not_streamed() -> None:
    calls = [{"index": 0, "id": name, "function": {"name": "f", "arguments": {"x": name}}} for name in ("a", "b")]
    choice = {"index": 0, "message": {"role": "assistant", "tool_calls": calls}, "finish_reason": "stop"}
    checked = check_chat_answer(answer_of(msgspec.json.encode({"choices": [choice]}), "m", "r", 1).body)

    assert ['{"x":"a"}', '{"x":"b"}'] == [call["function"]["arguments"] for call in checked.first.tool_calls]
    assert "tool_calls" == checked.first.finish_reason


def test_27_what_is_absent_is_not_sent_as_null() -> None:
    part = {"type": "text", "text": "x"}

    assert "null" not in json.dumps(sent("vllm", messages=[{"role": "user", "content": [part]}]))
