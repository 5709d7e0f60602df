"""What holds for any request and any answer."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.surface.answer import native_answer, translated_answer
from aihub_lite.wire.anthropic.surface.request import MessagesBody, MessagesRequest, parse_messages
from aihub_lite.wire.anthropic.surface.stream import NativeStream, WrittenStream
from aihub_lite.wire.anthropic.surface.thinking import strip_foreign_thinking
from aihub_lite.wire.anthropic.surface.to_chat import chat_of
from aihub_lite.wire.faults import WireFault
from tests.support.checkers.messages import check_message, check_messages_stream
from tests.support.examples import examples

QUICK = settings(max_examples=examples(37), deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = [
    *("type", "text", "role", "content", "source", "thinking", "signature", "data", "input", "name", "id", "user"),
    *("assistant", "system", "tool_use", "tool_result", "tool_use_id", "image", "document", "base64", "media_type"),
    *("url", "tools", "input_schema", "tool_choice", "messages", "output_config", "format", "effort", "custom", "any"),
    *("stop_sequences", "metadata", "user_id", "cache_control", "search_result", "redacted_thinking", "compaction"),
]
words = st.sampled_from(WORDS)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | words | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=25,
)
texts = st.sampled_from(["", " ", "a", "ü\u2028", "\n\n"])
marked = st.sampled_from([{}, {"cache_control": {"type": "ephemeral"}}])
text_blocks = st.builds(lambda text, mark: {"type": "text", "text": text, **mark}, texts, marked)
results = st.builds(
    lambda call_id, content: {"type": "tool_result", "tool_use_id": call_id, "content": content},
    st.sampled_from(["a", "b"]),
    texts | st.lists(text_blocks, max_size=2),
)
uses = st.builds(
    lambda call_id: {"type": "tool_use", "id": call_id, "name": "f", "input": {}}, st.sampled_from(["a", "coded_b"])
)
thoughts = st.builds(
    lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
    texts,
    st.sampled_from(["", "s"]),
)
messages = st.builds(
    lambda blocks: {"role": "user", "content": blocks}, st.lists(text_blocks | results, max_size=3) | texts
) | st.builds(
    lambda blocks: {"role": "assistant", "content": blocks}, st.lists(text_blocks | uses | thoughts, max_size=4)
)
conversations = st.lists(messages, min_size=1, max_size=6)


def request_of(given_messages: list[Any]) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": given_messages}


def hello_request() -> MessagesRequest:
    return parse_messages(MessagesBody(msgspec.json.encode(request_of([{"role": "user", "content": "x"}]))))


@QUICK
@given(st.dictionaries(words | st.just("model"), json, max_size=8), json)
def test_nonsense_is_refused_or_translated_and_breaks_nothing(body: dict[str, Any], inner: Any) -> None:
    for each in (body, {**request_of([]), **body}, request_of([{"role": "user", "content": [inner]}])):
        try:
            request = parse_messages(MessagesBody(msgspec.json.encode(each)))
        except InvalidRequest as refused:
            assert refused.message
        else:
            msgspec.json.encode(request.chat.body)
            msgspec.json.encode(request.with_cache_marks().body)
            msgspec.json.encode(strip_foreign_thinking(request.body))


@QUICK
@given(conversations, st.booleans())
def test_what_was_said_before_stays_as_a_conversation_grows(conversation: list[Any], marks: bool) -> None:
    before = msgspec.json.encode(conversation)
    whole = chat_of(request_of(conversation), marks=marks).body["messages"]
    assert whole == chat_of(request_of(conversation), marks=marks).body["messages"]
    for length in range(1, len(conversation)):
        if conversation[length - 1]["role"] == conversation[length]["role"]:
            continue  # the next turn joins the last one
        first = chat_of(request_of(conversation[:length]), marks=marks).body["messages"]
        beginning = whole[: len(first)]
        assert beginning == first or first == [{"role": "user", "content": "(no content)"}]
    assert before == msgspec.json.encode(conversation), "the client's request was changed"


deltas = st.one_of(
    st.fixed_dictionaries({}, optional={"content": texts, "reasoning_content": texts, "refusal": texts}),
    st.builds(
        lambda index, name, text: {"tool_calls": [{"index": index, **name, "function": {**name, "arguments": text}}]},
        st.integers(0, 3),
        st.sampled_from([{}, {"name": "f"}, {"name": "f", "id": "functions.f:1"}]),
        st.sampled_from(["", "{", "}", '"a":1', "{}", "x", " ", "null"]),
    ),
    st.builds(
        lambda detail: {"reasoning_details": [detail]},
        st.fixed_dictionaries(
            {"type": st.sampled_from(["reasoning.text", "reasoning.encrypted", "reasoning.summary"])},
            optional={
                "text": texts,
                "signature": st.sampled_from(["", "s"]),
                "data": st.sampled_from(["", "d"]),
                "format": st.sampled_from(["anthropic-claude-v1", "google-gemini-v1", None]),
            },
        ),
    ),
)


@QUICK
@given(st.lists(deltas, max_size=12), st.sampled_from(["length", "stop", None]))
def test_any_stream_keeps_to_the_order_of_events(said: list[dict[str, Any]], finish: str | None) -> None:
    stream = WrittenStream.of(hello_request(), "r1", 1)
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in said]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    sent = [event for chunk in chunks for event in stream.chat.push(msgspec.json.encode(chunk))]
    raw = b"".join([*sent, *stream.end()])
    try:
        check_messages_stream(raw)
    except AssertionError as broken:
        assert "the input is" in str(broken)  # a model may write half an object; what else it writes is wrapped
        assert b'"partial_json":"{' in raw


@QUICK
@given(st.lists(json, max_size=6), json)
def test_nonsense_of_an_upstream_raises_nothing_but_its_own_faults(events: list[Any], answer: Any) -> None:
    stream = NativeStream("m")
    for each in events:
        try:
            stream.push(msgspec.json.encode(each))
        except WireFault:
            continue
    for translate in (native_answer, partial(translated_answer, request_id="r1")):
        try:
            translate(msgspec.json.encode(answer), "m")
        except WireFault:
            continue


@QUICK
@given(st.lists(deltas, min_size=1, max_size=1), st.sampled_from(["stop", "tool_calls", "length"]))
def test_any_whole_answer_is_a_strict_message(said: list[dict[str, Any]], finish: str) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **said[0]}, "finish_reason": finish}
    check_message(translated_answer(msgspec.json.encode({"choices": [choice]}), "m", "r1").body)
