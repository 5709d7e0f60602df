"""Any conversation at all: stable under growth, refused only with a 400, never null where nothing is."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.request import parse_chat
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.gemini.answer import chat_of
from aihub_lite.wire.gemini.stream import GeminiStream
from tests.support.examples import examples
from tests.wire.gemini.wire import NEW, OLD, PIXEL, WEATHER, checked

FEW = settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
MODELS = st.sampled_from([NEW, OLD, "gemini-1.5-pro", "gemini-2.5-pro", "gemini-3.8-flash", "gemma-3-4b-it"])

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.one_of(
    st.sampled_from(["f", "g", "mcp/x y", "a_b"]), st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
)
ids = st.sampled_from(["", "a", "b", "c", "a__thought__c2ln"])
signatures = st.sampled_from(["c2ln", "c2lnMg==", "no base64!", ""])
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**70), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
arguments = st.one_of(
    st.sampled_from(["", "{}", "[1]", "{", None]), json_values.map(lambda value: msgspec.json.encode(value).decode())
)
parts = st.one_of(
    texts.map(lambda text: {"type": "text", "text": text}),
    st.just({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "high"}}),
    st.just({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
    st.just({"type": "file", "file": {"file_data": "JVBERi0=", "filename": "a.pdf"}}),
    st.just({"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}}),
)
content = st.one_of(st.none(), texts, st.lists(parts, max_size=3))
details = st.builds(
    lambda form, signature, text: {"type": "reasoning.encrypted", "format": form, "data": signature, "text": text},
    st.sampled_from(["google-gemini-v1", "anthropic-claude-v1", None]),
    signatures,
    st.one_of(texts, st.lists(st.integers(-2, 20), max_size=3)),
)


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    call: dict[str, Any] = {"id": draw(ids), "type": "function"}
    call["function"] = {"name": draw(names), "arguments": draw(arguments)}
    if draw(st.booleans()):
        call["extra_content"] = {"google": {"thought_signature": draw(signatures)}}
    return call


@st.composite
def assistants(draw: st.DrawFn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": draw(st.one_of(st.none(), texts))}
    if tool_calls := draw(st.lists(calls(), max_size=3)):
        message["tool_calls"] = tool_calls
    if draw(st.booleans()):
        message["reasoning_details"] = draw(st.lists(details, max_size=3))
    if draw(st.booleans()):
        message["extra_content"] = {"google": {"thought_signature": draw(signatures)}}
    return message


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Messages as clients send them: every result answers a call before it."""
    messages: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 7))):
        role = draw(st.sampled_from(["user", "assistant", "system", "developer"]))
        if role == "assistant":
            message = draw(assistants())
            messages.append(message)
            calls_in_any_order = draw(st.permutations(message.get("tool_calls", [])))
            messages += [
                {"role": "tool", "tool_call_id": call["id"], "content": draw(content)}
                for call in calls_in_any_order[: draw(st.integers(0, 3))]
            ]
        else:
            contents_of_role = texts if role != "user" else content
            messages.append({"role": role, "content": draw(contents_of_role)})
    return messages


def body_of(messages: list[dict[str, Any]], model: str) -> dict[str, Any]:
    data = msgspec.json.encode({"model": "m", "messages": messages, "tools": [WEATHER]})
    body: dict[str, Any] = checked(parse_chat(data), model).body
    return body


@FEW
@given(conversations(), MODELS)
def test_a_conversation_that_grows_never_changes_what_was_sent(messages: list[dict[str, Any]], model: str) -> None:
    whole = body_of(messages, model)
    for k in range(1, len(messages)):
        if messages[k]["role"] == "tool":
            continue
        begun = body_of(messages[:k], model)
        if begun["contents"] == [{"role": "user", "parts": [{"text": "."}]}]:
            continue  # stands for no contents at all
        assert {**begun, "contents": None} == {**whole, "contents": None}
        *settled, last = begun["contents"]
        assert settled == whole["contents"][: len(settled)]
        grown = whole["contents"][len(settled)]
        assert last["role"] == grown["role"]
        assert last["parts"] == grown["parts"][: len(last["parts"])]


@FEW
@given(conversations(), MODELS)
def test_two_translations_are_the_same_bytes(messages: list[dict[str, Any]], model: str) -> None:
    before = copy.deepcopy(messages)

    assert msgspec.json.encode(body_of(messages, model)) == msgspec.json.encode(body_of(messages, model))
    assert before == messages


anything = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 5), texts, st.sampled_from(["text", "image_url", "data:,", "f"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["type", "text", "image_url", "url", "function", "name", "arguments", "id", "data", "file", "format"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)
odd_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "function", "model"])},
    optional=dict.fromkeys(
        (
            *("content", "tool_calls", "tool_call_id", "name", "reasoning_details", "extra_content", "images"),
            *("function_call", "refusal"),
        ),
        anything,
    ),
)
odd_settings = st.dictionaries(
    st.sampled_from(
        [
            *("tools", "functions", "tool_choice", "function_call", "stop", "temperature", "top_k", "seed", "logprobs"),
            *(
                "top_logprobs",
                "response_format",
                "reasoning_effort",
                "modalities",
                "audio",
                "service_tier",
                "extra_body",
            ),
            *("web_search_options", "include_reasoning", "parallel_tool_calls", "user", "metadata"),
        ]
    ),
    anything,
    max_size=4,
)


@FEW
@given(st.lists(odd_messages, min_size=1, max_size=4), odd_settings, MODELS, st.booleans())
def test_whatever_a_client_sends_is_translated_or_refused(
    messages: list[dict[str, Any]], fields: dict[str, Any], model: str, strict: bool
) -> None:
    request = parse_chat(msgspec.json.encode({**fields, "model": "m", "messages": messages}))
    try:
        translation = checked(request, model, strict=strict, nonsense=True)
    except InvalidRequest:
        return
    msgspec.json.encode(translation.body)


answer_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("candidates", "content", "parts", "text", "thought", "thoughtSignature", "functionCall", "name"),
                    *("args", "partialArgs", "jsonPath", "willContinue", "finishReason", "index", "usageMetadata"),
                    *("promptFeedback", "blockReason", "inlineData", "groundingMetadata", "logprobsResult", "error"),
                    *("executableCode", "code", "codeExecutionResult", "responseId", "totalTokenCount"),
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)
answer_parts = st.dictionaries(
    st.sampled_from(
        ["text", "thought", "thoughtSignature", "functionCall", "inlineData", "executableCode", "toolCall"]
    ),
    answer_values,
    max_size=3,
)
answers = st.builds(
    lambda parts, finish, more: {"candidates": [{"content": {"parts": parts}, **finish}], **more},
    st.lists(answer_parts, max_size=4),
    st.dictionaries(
        st.sampled_from(["finishReason", "index", "groundingMetadata", "logprobsResult"]), answer_values, max_size=2
    ),
    st.dictionaries(st.sampled_from(["usageMetadata", "responseId", "promptFeedback"]), answer_values, max_size=2),
)


@FEW
@given(st.lists(st.one_of(answer_values, answers), min_size=1, max_size=3))
def test_whatever_an_upstream_answers_is_translated_or_a_fault(events: list[Any]) -> None:
    stream = GeminiStream()
    with contextlib.suppress(WireFault):
        for event in events:
            msgspec.json.encode(stream.push(msgspec.json.encode(event)))
    with contextlib.suppress(WireFault):
        msgspec.json.encode(chat_of(events))


@pytest.mark.parametrize("k", [1, 3, 4])
def test_the_result_of_a_tool_never_moves_the_turns_before_it(k: int) -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "And?"},
    ]

    begun = body_of(messages[:k], NEW)["contents"]
    whole = body_of(messages, NEW)["contents"]

    assert begun[:-1] == whole[: len(begun) - 1]
