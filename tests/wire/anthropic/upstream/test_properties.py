"""What holds for any conversation: stable beginnings, clean refusals, no nulls, nothing that the SDK does not know."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.upstream.answer import chat_of
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.request import ChatRequest, parse_chat
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.faults import WireFault
from tests.support.checkers.chat import check_chat_answer
from tests.support.examples import examples
from tests.support.upstream.claude import checked

MODELS = ("claude-sonnet-4-5", "claude-sonnet-4-6", "claude-opus-4-8", "claude-sonnet-5-5", "claude-opus-9", "kimi-k2")
QUICK = settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.sampled_from(["", " ", "a", "b ", "ü\u2028"])
marks = st.sampled_from([None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": None}])
ids = st.sampled_from(["a", "b", "functions.x:0", "", None])
names = st.sampled_from(["f", "g.h", "g h"])
text_parts = st.fixed_dictionaries({"type": st.just("text"), "text": texts}, optional={"cache_control": marks})
images = st.builds(
    lambda url: {"type": "image_url", "image_url": {"url": url}},
    st.sampled_from(["https://x.test/a", "data:image/png;base64,iVBORw0KGgo=", "data:application/pdf;base64,JVBERi0="]),
)
contents = texts | st.lists(text_parts | images, max_size=3)
details = st.fixed_dictionaries(
    {"type": st.sampled_from(["reasoning.text", "reasoning.encrypted"])},
    optional={"text": texts, "signature": st.sampled_from(["s", "", None]), "data": st.sampled_from(["d", None])},
)
calls = st.builds(
    lambda call_id, name, arguments: {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    },
    ids,
    names,
    st.sampled_from(["{}", '{"x":null}', "", "{", None]),
)
messages = st.one_of(
    st.fixed_dictionaries({"role": st.just("user"), "content": contents}, optional={"name": texts}),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": texts | st.none() | st.lists(text_parts, max_size=2)},
        optional={
            "tool_calls": st.lists(calls, max_size=3),
            "reasoning_details": st.lists(details, max_size=2),
            "refusal": texts | st.none(),
        },
    ),
    st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": ids, "content": contents}),
    st.fixed_dictionaries({"role": st.sampled_from(["system", "developer"]), "content": texts}),
)
conversations = st.lists(messages, min_size=1, max_size=8)
tools = st.lists(
    st.builds(lambda name: {"type": "function", "function": {"name": name, "description": None}}, names),
    max_size=3,
    unique_by=str,
)

FIELDS = [
    *(
        "type",
        "text",
        "role",
        "content",
        "name",
        "id",
        "function",
        "arguments",
        "url",
        "image_url",
        "file",
        "file_data",
    ),
    *("file_id", "parameters", "schema", "json_schema", "properties", "enum", "anyOf", "cache_control", "tool_calls"),
    *("source", "signature", "data", "effort", "user_id", "input", "custom", "index", "message", "delta", "usage"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
TOP = [
    *("tools", "functions", "tool_choice", "function_call", "response_format", "stop", "temperature", "top_p", "top_k"),
    *("reasoning_effort", "reasoning", "thinking", "output_config", "metadata", "user", "service_tier", "seed"),
    *("context_management", "cache_control", "mcp_servers", "container", "speed", "output_format", "stop_sequences"),
    *("parallel_tool_calls", "safety_identifier", "logprobs", "modalities", "verbosity", "frobnicate"),
]
anything = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "messages": st.lists(
            st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4).map(
                lambda message: {**message, "role": "user" if message.get("content") else "assistant"}
            ),
            min_size=1,
            max_size=4,
        ),
    },
    optional=dict.fromkeys(TOP, json_values),
)


def request(**body: Any) -> ChatRequest:
    return parse_chat(msgspec.json.encode({"model": "m", **body}))


def translated(model: str, chat: list[Any], **body: Any) -> dict[str, Any]:
    return checked(request(messages=chat, **body), model).body


def speaks(message: dict[str, Any]) -> bool:
    """Whether an assistant says anything but thoughts."""
    content = message.get("content")
    refusal = message.get("refusal")
    texts = [content] if isinstance(content, str) else [part["text"] for part in content or ()]
    return bool(message.get("tool_calls")) or any(text.strip() for text in [*texts, refusal or ""])


def settled(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything before the turn that is still open."""
    last = max((place for place, message in enumerate(turns) if message["role"] == "assistant"), default=-1)
    return turns[: last + 1]


@pytest.mark.parametrize("model", MODELS)
@QUICK
@given(chat=conversations, tools=tools, data=st.data())
def test_the_beginning_of_a_conversation_never_changes(model: str, chat: Any, tools: Any, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(chat)))
    begun = translated(model, chat[:cut], tools=tools)
    whole = translated(model, chat, tools=tools)
    before = begun["messages"]
    after = whole["messages"]

    assert begun.get("tools") == whole.get("tools")
    if cut == len(chat) or any(message["role"] not in ("system", "developer") for message in chat[:cut]):
        assert begun.get("system") == whole.get("system")
    next_speaks = cut < len(chat) and chat[cut]["role"] == "assistant" and speaks(chat[cut])
    if next_speaks and before[-1]["role"] != "assistant":
        assert before == after[: len(before)]
        return
    kept = settled(before)
    if kept:
        last = kept.pop()
        grown = after[len(kept)]
        assert (last["role"], last["content"]) == (grown["role"], grown["content"][: len(last["content"])])
    assert kept == after[: len(kept)]


@pytest.mark.parametrize("model", MODELS)
@QUICK
@given(chat=conversations, tools=tools, effort=st.sampled_from([None, "none", "high"]), stream=st.booleans())
def test_any_conversation_is_one_that_the_sdk_knows(
    model: str, chat: Any, tools: Any, effort: Any, stream: bool
) -> None:
    body = translated(model, chat, tools=tools, reasoning_effort=effort, stream=stream, temperature=0.5)

    roles = [message["role"] for message in body["messages"]]
    assert "user" == roles[0]
    assert all(first != second for first, second in itertools.pairwise(roles))
    assert all(roles[place - 1] == "user" for place, role in enumerate(roles) if role == "system")
    assert all(role == "assistant" for before, role in itertools.pairwise(roles) if before == "system")


@QUICK
@given(chat=conversations, tools=tools)
def test_results_always_come_first_and_ids_never_repeat(chat: Any, tools: Any) -> None:
    turns = translated("claude-opus-4-8", chat, tools=tools)["messages"]
    used = [block["id"] for message in turns for block in message["content"] if block["type"] == "tool_use"]

    assert len(used) == len(set(used))
    for message in turns:
        kinds = [block["type"] == "tool_result" for block in message["content"]]
        assert sorted(kinds, reverse=True) == kinds


@pytest.mark.parametrize("strict", [False, True])
@settings(QUICK, max_examples=examples(33))
@given(body=anything, model=st.sampled_from(MODELS))
def test_nonsense_is_refused_and_never_breaks_anything(body: Any, model: str, strict: bool) -> None:
    try:
        chat = request(**body)
        translation = checked(chat, model, strict=strict, nonsense=True)
    except InvalidRequest as refused:
        assert refused.message
        return
    msgspec.json.encode(translation.body)
    assert translation == checked(chat, model, strict=strict, nonsense=True)
    assert not (strict and translation.dropped)


KINDS = [
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "ping"),
    *("text", "tool_use", "thinking", "text_delta", "input_json_delta", "signature_delta", "citations_delta", "error"),
]
kinds = st.sampled_from(KINDS)
events = st.dictionaries(st.sampled_from(FIELDS), json_values | kinds, max_size=4).flatmap(
    lambda event: st.builds(
        lambda kind, inner, block: {**event, "type": kind, "delta": inner, "content_block": block},
        kinds,
        st.dictionaries(st.sampled_from(FIELDS), json_values | kinds, max_size=3),
        st.dictionaries(st.sampled_from(FIELDS), json_values | kinds, max_size=3),
    )
)


@settings(QUICK, max_examples=examples(33))
@given(
    blocks=st.lists(st.dictionaries(st.sampled_from(FIELDS), json_values | kinds, max_size=4), max_size=4),
    usage=json_values,
    stop=json_values,
)
def test_an_answer_of_nonsense_raises_nothing_but_its_own_faults(blocks: Any, usage: Any, stop: Any) -> None:
    answer = {"role": "assistant", "content": blocks, "usage": usage, "stop_reason": stop, "stop_details": usage}
    try:
        check_chat_answer(answer_of(msgspec.json.encode(chat_of(answer)), "m", "r", 1).body)
    except WireFault as fault:
        assert fault.message


@settings(QUICK, max_examples=examples(33))
@given(given_events=st.lists(events, max_size=6))
def test_a_stream_of_nonsense_raises_nothing_but_its_own_faults(given_events: list[dict[str, Any]]) -> None:
    stream = AnthropicStream()
    chat = ChatStream("m", "r", 1, include_usage=True)
    try:
        for event in given_events:
            for chunk in stream.push(msgspec.json.encode(event)):
                chat.push_chunk(chunk)
    except WireFault as fault:
        assert fault.message
