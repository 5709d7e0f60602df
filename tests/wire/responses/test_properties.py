"""What holds for any Responses request and answer: clean refusals, stable beginnings, streams that break no rule."""

from __future__ import annotations

from typing import Any

import msgspec
import openai.types.chat.completion_create_params as chat_params
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.names import MAX_NAME
from aihub_lite.wire.responses.request import ResponsesRequest
from tests.support.checkers.responses import check_responses_stream
from tests.support.checkers.typed_dicts import problems
from tests.support.examples import examples
from tests.wire.responses.exchanges import ENCRYPTED, call, chunk, events_of, new_request, response_of

QUICK = settings(max_examples=examples(26), deadline=None, suppress_health_check=[HealthCheck.too_slow])
OURS = frozenset({"reasoning_content", "reasoning_details", "extra_content", "file_id"})
"""Fields of messages and calls that other clients of chat send too, but OpenAI's SDK does not know."""

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "c1", "text", "function"])
NAMES = st.sampled_from(
    [
        *("type", "role", "content", "name", "call_id", "id", "output", "input", "arguments", "text", "tools"),
        *("encrypted_content", "action", "operation", "image_url", "file_data", "format", "mode", "namespace"),
        *("status", "summary"),
    ]
)
nonsense = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4))
KINDS = st.sampled_from(
    [
        *("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"),
        *("local_shell_call", "shell_call_output", "apply_patch_call", "item_reference", "additional_tools"),
        *("reasoning", "other"),
    ]
)
odd_items = st.builds(lambda kind, rest: {**rest, "type": kind}, KINDS, st.dictionaries(NAMES, nonsense, max_size=5))

texts = st.sampled_from(["a", "b ", "ü\u2028"])
ids = st.sampled_from(["c1", "c2", "c3"])
calls = st.builds(
    lambda call_id, name, space: {
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": "{}",
        **space,
    },
    ids,
    st.sampled_from(["look", "hear"]),
    st.sampled_from([{}, {"namespace": "ns"}]),
)
customs = st.builds(
    lambda call_id, text: {"type": "custom_tool_call", "call_id": call_id, "name": "patch", "input": text}, ids, texts
)
outputs = st.builds(
    lambda call_id, text, kind: {"type": kind, "call_id": call_id, "output": text},
    ids,
    texts | st.just([{"type": "input_image", "image_url": "https://x.test/a"}]),
    st.sampled_from(["function_call_output", "custom_tool_call_output"]),
)
says = st.builds(
    lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant", "developer"]), texts
)
thoughts = st.builds(lambda text: {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}, texts)
items = calls | customs | outputs | says | thoughts


def request_of(**fields: Any) -> ResponsesRequest | None:
    """A parsed request; None for one that was refused."""
    try:
        return new_request(**fields)
    except InvalidRequest:
        return None


@QUICK
@given(st.lists(odd_items | nonsense, max_size=6), nonsense, nonsense, nonsense)
def test_a_bad_request_is_read_or_refused_but_breaks_nothing(
    some_items: list[Any], tools: Any, choice: Any, text: Any
) -> None:
    request_of(input=some_items, tools=tools, tool_choice=choice)
    request_of(text=text, reasoning=tools, include=choice, instructions=text)
    request_of(input=some_items, metadata=text, parallel_tool_calls=choice, top_logprobs=choice)


@QUICK
@given(st.lists(items, min_size=1, max_size=8))
def test_a_conversation_becomes_one_that_upstreams_take(some_items: list[Any]) -> None:
    request = request_of(input=some_items, tools=[{"type": "custom", "name": "patch"}])
    if request is None:
        return
    body = {name: value for name, value in request.chat.body.items() if name != "stream"}
    assert [] == problems(_plain(body), chat_params.CompletionCreateParamsNonStreaming)
    open_calls: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            assert message["tool_call_id"] in open_calls
        else:
            open_calls = {call["id"] for call in message.get("tool_calls", ())}
            assert all(len(call["function"]["name"]) <= MAX_NAME for call in message.get("tool_calls", ()))


@QUICK
@given(st.lists(items, min_size=2, max_size=8), st.data())
def test_what_was_said_stays_whatever_is_said_next(some_items: list[Any], data: st.DataObject) -> None:
    """The beginning stays as it was: caches and signatures hang on it. A result alone is put where it belongs."""
    cut = data.draw(st.integers(1, len(some_items)))
    late = [item for item in some_items[cut:] if "output" not in item]
    before, after = request_of(input=some_items[:cut]), request_of(input=some_items[:cut] + late)
    if before is None or after is None:
        return
    old, new = before.chat.body["messages"], after.chat.body["messages"]
    while old and old[-1]["role"] == "assistant":  # may still grow, or lead to more
        old = old[:-1]
    assert old == new[: len(old)]


deltas = st.one_of(
    st.builds(lambda text: {"content": text}, texts),
    st.builds(lambda text: {"reasoning_content": text}, texts),
    st.builds(lambda text: {"refusal": text}, texts),
    st.builds(
        lambda index, text: {"tool_calls": [{"index": index, "id": f"call_{index}", "function": text}]},
        st.integers(0, 2),
        st.sampled_from([{"name": "look", "arguments": "{}"}, {"name": "patch", "arguments": '{"input":"a"}'}, {}]),
    ),
    st.builds(
        lambda index, text: {"tool_calls": [{"index": index, "function": {"arguments": text}}]},
        st.integers(0, 2),
        texts,
    ),
    st.just({"reasoning_details": [{"type": "reasoning.text", "text": "a", "signature": "c2ln", "index": 0}]}),
)


@QUICK
@given(st.lists(deltas, max_size=8), st.sampled_from(["stop", "length", "tool_calls"]), st.booleans())
def test_a_stream_of_any_deltas_breaks_no_rule(some_deltas: list[Any], reason: str, sealed: bool) -> None:
    request = new_request(tools=[{"type": "custom", "name": "patch"}], include=[ENCRYPTED] if sealed else [])
    chunks = [*(chunk(msgspec.json.decode(msgspec.json.encode(delta))) for delta in some_deltas), chunk({}, reason)]
    check_responses_stream(events_of(request, map(msgspec.json.encode, chunks)))


@QUICK
@given(texts, texts, st.booleans(), st.booleans())
def test_a_whole_answer_is_what_a_stream_of_it_makes(thought: str, text: str, thinks: bool, calls_too: bool) -> None:
    message = {
        "content": text,
        **({"reasoning_content": thought} if thinks else {}),
        **(call("look", "{}") if calls_too else {}),
    }
    reason = "tool_calls" if calls_too else "stop"
    usage = {"usage": {"prompt_tokens": 7, "completion_tokens": 5}}
    raw = events_of(new_request(), map(msgspec.json.encode, [chunk(message), chunk({}, reason, **usage)]))
    assert check_responses_stream(raw).response == response_of(new_request(), message, reason)


def _plain(value: Any) -> Any:
    """Without what OpenAI's types do not know."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in OURS}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
