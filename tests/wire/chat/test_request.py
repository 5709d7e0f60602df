"""Requests: what is refused and how, and what goes upstream (T-37, T-74)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.providers import PROVIDERS, Provider, quirks_at
from aihub_lite.wire.chat.quirks import DEFAULT, Quirks
from aihub_lite.wire.chat.request import parse_chat, thoughts_left_out, upstream_body
from aihub_lite.wire.fields import ROUTING_FIELDS, parse_json
from aihub_lite.wire.foreign_json import MAX_VALUES, more_values_than
from tests.support.examples import examples

HI = [{"role": "user", "content": "hi"}]
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def chat(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": HI, **fields}).encode()


def sent(quirks: Quirks = DEFAULT, model: str = "up", **fields: Any) -> dict[str, Any]:
    body = msgspec.json.decode(upstream_body(parse_chat(chat(**fields)), model, quirks))
    assert isinstance(body, dict)
    return body


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as caught:
        parse_chat(data)
    return caught.value.message


@pytest.mark.attack("T-37")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \r\n ", id="only spaces"),
        pytest.param(b"[" * 100_000, id="100 000 brackets"),
        pytest.param(b'{"a":' * 100_000, id="100 000 objects"),
        pytest.param(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", id="65 levels"),
        pytest.param(b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", id="501 levels"),
        pytest.param(b'{"a":' + b"9" * 1_000_000 + b"}", id="a million digits"),
        pytest.param(b'{"a":[' + b"0," * 200_000 + b"0]}", id="200 003 values"),
        pytest.param(b'{"a":[' + b'",",' * 200_000 + b"0]}", id="200 003 values, most of them commas"),
        pytest.param(b'{"a":-' + b"9" * 5_000 + b"}", id="five thousand digits"),
        pytest.param(b'{"a":1e999}', id="infinite"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":-Infinity}', id="-Infinity"),
        pytest.param(b'{"a":"\\ud800"}', id="high surrogate"),
        pytest.param(b'{"a":"\\udc00 x"}', id="low surrogate"),
        pytest.param(b'{"\\ud800":1}', id="surrogate in a key"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\xff"}', id="bad UTF-8"),
        pytest.param(b'{"\xff":1}', id="bad UTF-8 in a key"),
        pytest.param(b'{"a":"\xe2\x82', id="cut UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="BOM"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a string"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a":1} x', id="trailing text"),
        pytest.param(b'{"a":1', id="cut"),
        pytest.param(b"{'a':1}", id="not JSON"),
    ],
)
def test_a_broken_body_is_the_clients_fault_and_never_ours(data: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_json(data)

    assert caught.value.message.startswith("The request body")


@pytest.mark.attack("T-37")
@settings(max_examples=examples(75), deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(alphabet='{}[]":,0123456789eE.-+\\udn8 atfrule', max_size=40)))
def test_any_bytes_are_parsed_or_refused(data: bytes | str) -> None:
    try:
        body = parse_json(data if isinstance(data, bytes) else data.encode())
    except InvalidRequest:
        return
    assert body == msgspec.json.decode(msgspec.json.encode(body))


@pytest.mark.parametrize("digits", [18, 19, 20, 30, 300, 308, 309, 310, 4000, 4299, 4300, 4301])
def test_a_large_integer_is_refused_or_written_again_unchanged(digits: int) -> None:
    number = b"9" * digits
    try:
        request = parse_chat(b'{"model":"m","messages":[{"role":"user"}],"seed":' + number + b"}")
    except InvalidRequest:
        return
    assert b'"seed":' + number in upstream_body(request, "m", DEFAULT)


def test_sixty_four_levels_are_accepted() -> None:
    assert parse_json(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")


def test_many_brackets_that_are_not_deep_are_accepted() -> None:
    assert parse_json(b'{"a":[' + b"[]," * 500 + b'{}],"b":"' + b"[" * 500 + b'"}')


def test_as_many_values_as_are_allowed_are_accepted() -> None:
    """Commas in texts, of which a book has more, are none."""
    assert parse_json(b'{"a":[' + b'",[{\\\\",' * (MAX_VALUES - 3) + b"0]}")


numbers = st.integers(0, 9) | st.sampled_from(["", ",", "\\", '"', '\\"', "[{", 'a\\\\",'])


@given(st.recursive(numbers, lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1)))
def test_values_are_counted_as_they_are_decoded(value: Any) -> None:
    text = msgspec.json.encode(value)
    count = values_in(value)
    assert not more_values_than(count, text)
    assert more_values_than(count - 1, text)


def values_in(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + (sum(map(values_in, inner)) if isinstance(value, dict | list) else 0)


@pytest.mark.attack("T-37")
def test_of_a_duplicate_key_only_the_last_goes_upstream() -> None:
    request = parse_chat(b'{"model":"cheap","messages":[{"role":"user","content":"x"}],"model":"dear"}')

    assert "dear" == request.model
    assert b'{"model":"dear","messages":[{"role":"user","content":"x"}]}' == upstream_body(request, "dear", DEFAULT)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"messages":[{"role":"user"}]}', "'model' is missing"),
        (chat(model=""), "'model'"),
        (chat(model="  "), "'model'"),
        (chat(model=7), "'model'"),
        (chat(model=None), "'model'"),
        (b'{"model":"m"}', "'messages' is missing"),
        (chat(messages=[]), "'messages'"),
        (chat(messages="hi"), "'messages'"),
        (chat(messages=[*HI, "hi"]), "'messages[1]'"),
        (chat(messages=[{"content": "hi"}]), "'messages[0].role'"),
        (chat(messages=[{"role": 1}]), "'messages[0].role'"),
        (chat(stream="yes"), "'stream'"),
        (chat(stream=1), "'stream'"),
        (chat(stream=True, stream_options=[]), "'stream_options'"),
        (chat(stream=True, stream_options={"include_usage": "yes"}), "'stream_options.include_usage'"),
        (chat(max_tokens="10"), "'max_tokens'"),
        (chat(max_tokens=0), "'max_tokens'"),
        (chat(max_tokens=-5), "'max_tokens'"),
        (chat(max_tokens=True), "'max_tokens'"),
        (chat(max_tokens=1.5), "'max_tokens'"),
        (chat(max_completion_tokens=[]), "'max_completion_tokens'"),
        (chat(n=0), "'n'"),
        (chat(n=1_000_000), "'n'"),
    ],
)
def test_a_refusal_names_the_field(data: bytes, field: str) -> None:
    assert field in refusal(data)


@pytest.mark.parametrize("name", ["stream", "stream_options", "max_tokens", "max_completion_tokens", "n"])
def test_null_is_as_good_as_absent(name: str) -> None:
    assert parse_chat(chat()).model == parse_chat(chat(**{name: None})).model


def test_the_newer_spelling_of_the_maximum_wins() -> None:
    assert 20 == parse_chat(chat(max_tokens=10, max_completion_tokens=20)).max_tokens


def test_usage_is_not_promised_to_a_client_that_does_not_stream() -> None:
    assert not parse_chat(chat(stream_options={"include_usage": True})).include_usage


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}])
def test_usage_is_asked_for_upstream_whatever_the_client_asked(options: object) -> None:
    fields: dict[str, Any] = {} if options is None else {"stream_options": options}

    assert {"include_usage": True} == sent(stream=True, **fields)["stream_options"]


def test_other_stream_options_are_kept() -> None:
    options = sent(stream=True, stream_options={"include_obfuscation": False})["stream_options"]

    assert {"include_obfuscation": False, "include_usage": True} == options


def test_a_request_that_does_not_stream_has_no_stream_options() -> None:
    assert "stream_options" not in sent(stream_options={"include_usage": True})


def test_unknown_fields_survive() -> None:
    assert {"x": [1, None, "é"]} == sent(future_field={"x": [1, None, "é"]})["future_field"]


def test_a_request_body_is_never_changed_by_writing_it() -> None:
    request = parse_chat(
        chat(
            stream=True,
            max_tokens=5,
            tools=[{"cache_control": 1}],
            messages=[{"role": "developer", "cache_control": {}}],
        )
    )
    before = msgspec.json.encode(request.body)
    for quirks in (provider.quirks for provider in PROVIDERS.values()):
        upstream_body(request, "other", quirks)

    assert before == msgspec.json.encode(request.body)


@pytest.mark.attack("T-74")
@pytest.mark.parametrize("name", sorted(ROUTING_FIELDS))
def test_a_field_that_steers_other_gateways_is_dropped(name: str) -> None:
    fields: dict[str, Any] = {name: "http://evil.example"}

    assert name not in sent(**fields)


def test_both_spellings_of_the_maximum_become_the_one_upstream_takes() -> None:
    body = sent(Quirks(max_tokens_name="max_tokens"), max_tokens=10, max_completion_tokens=20)

    assert 20 == body["max_tokens"]
    assert "max_completion_tokens" not in body


def test_no_maximum_stays_no_maximum() -> None:
    assert not sent(Quirks(max_tokens_name="max_tokens")).keys() & {"max_tokens", "max_completion_tokens"}


@pytest.mark.parametrize(("model", "name"), [("gpt-5-mini", "max_completion_tokens"), ("gpt-4o", "max_tokens")])
def test_reasoning_models_of_openai_get_the_only_spelling_they_take(model: str, name: str) -> None:
    assert 10 == sent(PROVIDERS["openai"].quirks, model, max_tokens=10)[name]


def test_developer_becomes_system_where_it_is_unknown() -> None:
    body = sent(Quirks(developer_role=False), messages=[{"role": "developer", "content": "x"}, *HI])

    assert [{"role": "system", "content": "x"}, *HI] == body["messages"]


def test_stream_options_are_not_sent_where_they_are_refused() -> None:
    assert "stream_options" not in sent(
        PROVIDERS["mistral"].quirks, stream=True, stream_options={"include_usage": True}
    )


def test_hints_inside_messages_are_dropped_where_they_are_refused() -> None:
    hint = {"cache_control": {"type": "ephemeral"}}
    body = sent(
        PROVIDERS["openai"].quirks,
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "x", **hint}]},
            {"role": "assistant", "content": "y", "reasoning_content": "z", **hint},
        ],
        tools=[{"type": "function", **hint, "function": {"name": "f", "parameters": {"properties": hint}, **hint}}],
    )

    assert [{"type": "text", "text": "x"}] == body["messages"][0]["content"]
    assert {"role": "assistant", "content": "y"} == body["messages"][1]
    assert [{"type": "function", "function": {"name": "f", "parameters": {"properties": hint}}}] == body["tools"]


MARK = {"cache_control": {"type": "ephemeral"}}
SIGNATURE = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
PARTS = st.sampled_from(
    [{"type": "text", "text": "x"}, {"type": "thinking", "thinking": "y"}, {"type": "text", **MARK}]
)
CALLS = st.sampled_from([CALL, {**CALL, **MARK}, {**CALL, **SIGNATURE}, 5])
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "developer", "tool"])},
    optional={
        "content": st.none() | st.just("x") | st.lists(PARTS, max_size=2),
        "tool_calls": st.none() | st.lists(CALLS, max_size=2),
        "reasoning_content": st.sampled_from([None, "", "thought"]),
        **{name: st.just(value) for name, value in (MARK | SIGNATURE).items()},
    },
)


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(sorted(PROVIDERS)), st.lists(MESSAGES, min_size=1, max_size=4))
def test_a_message_goes_upstream_as_it_would_alone(provider: str, messages: list[dict[str, Any]]) -> None:
    """What a conversation has is looked at once for all of it: nothing of one message may change another."""
    quirks = PROVIDERS[provider].quirks
    alone = [sent(quirks, messages=[message])["messages"] for message in messages]

    assert [message for one in alone for message in one] == sent(quirks, messages=messages)["messages"]


@pytest.mark.parametrize("odd", [[], {}, None, 5])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_part_of_no_kind_is_left_for_the_upstream_to_judge(provider: str, odd: object) -> None:
    """A list as a part's `type` was answered 500."""
    part = {"type": odd, "text": "x"}
    body = sent(PROVIDERS[provider].quirks, messages=[{"role": "user", "content": [part]}])

    assert [part] == body["messages"][0]["content"]


@pytest.mark.parametrize("provider", ["openai", "mistral", "cerebras"])
def test_a_cache_mark_of_a_call_is_dropped_where_it_is_refused(provider: str) -> None:
    """LiteLLM's clients have it there (AnswerDotAI/lisette#107), and it was left in a call alone."""
    calls = [{**CALL, "cache_control": {"type": "ephemeral"}}, 5]
    body = sent(PROVIDERS[provider].quirks, messages=[*HI, {"role": "assistant", "tool_calls": calls}])

    assert [CALL, 5] == body["messages"][-1]["tool_calls"]


@pytest.mark.parametrize("provider", ["openai", "mistral", "groq", "cerebras"])
def test_what_gemini_signed_is_dropped_where_it_is_refused(provider: str) -> None:
    """A conversation that began with Gemini could not go on elsewhere: strict servers refuse what they do not know."""
    signed = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
    told = {"role": "assistant", "content": None, "tool_calls": [{**CALL, **signed}]}
    quirks = PROVIDERS[provider].quirks

    body = sent(quirks, messages=[*HI, {**told, **signed}])

    assert {**told, "tool_calls": [CALL]} == body["messages"][-1]
    for message in ({**told, "tool_calls": [CALL], **signed}, told):
        named = thoughts_left_out(parse_chat(chat(messages=[*HI, message])), "up", quirks)
        assert ("messages.extra_content",) == named


RESULT = {"role": "tool", "tool_call_id": "c", "content": "1"}
DETAIL = {"type": "reasoning.text", "text": "z"}
THOUGHTFUL = [
    *HI,
    {"role": "assistant", "content": "", "reasoning_content": "z", "reasoning_details": [DETAIL], "tool_calls": [CALL]},
    RESULT,
    {"role": "assistant", "content": "y", "reasoning": "z"},
]


@pytest.mark.parametrize(
    ("provider", "base_url"),
    [
        ("deepseek", None),
        ("moonshot", None),
        ("zai", None),
        ("openrouter", None),
        ("vllm", None),
        ("openai", "https://api.deepseek.com"),
        ("openai", "http://127.0.0.1:8000/v1"),
    ],
)
def test_reasoning_in_history_reaches_upstreams_as_it_came(provider: str, base_url: str | None) -> None:
    """DeepSeek, Kimi or GLM as a channel of type `openai` answered 400 to the second request of every tool loop."""
    known = PROVIDERS[provider]
    quirks = quirks_at(known, base_url or known.base_url)

    assert THOUGHTFUL == sent(quirks, messages=THOUGHTFUL)["messages"]
    assert () == thoughts_left_out(parse_chat(chat(messages=THOUGHTFUL)), "up", quirks)


@pytest.mark.parametrize("provider", ["openai", "mistral"])
def test_reasoning_that_an_upstream_is_not_told_is_named(provider: str) -> None:
    quirks = PROVIDERS[provider].quirks
    told = [HI[0], {"role": "assistant", "content": "", "tool_calls": [CALL]}, RESULT]

    assert [*told, {"role": "assistant", "content": "y"}] == sent(quirks, messages=THOUGHTFUL)["messages"]
    assert ("messages.reasoning", "messages.reasoning_content", "messages.reasoning_details") == thoughts_left_out(
        parse_chat(chat(messages=THOUGHTFUL)), "up", quirks
    )
    assert () == thoughts_left_out(parse_chat(chat()), "up", quirks)


THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "z"}]}


@pytest.mark.parametrize("model", ["magistral-medium-latest", "mistral-small-2603"])
@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("y", [THINKING, {"type": "text", "text": "y"}]),
        (None, [THINKING]),
        ([{"type": "text", "text": "y"}], [THINKING, {"type": "text", "text": "y"}]),
        ([THINKING, {"type": "text", "text": "y"}], [THINKING, {"type": "text", "text": "y"}]),
    ],
)
def test_mistral_gets_back_what_it_thought_as_it_says_it(model: str, content: Any, parts: list[Any]) -> None:
    """Its thoughts came out as `reasoning_content`, and were left out of the next request."""
    quirks = PROVIDERS["mistral"].quirks
    history = [*HI, {"role": "assistant", "content": content, "reasoning_content": "z"}]

    assert {"role": "assistant", "content": parts} == sent(quirks, model, messages=history)["messages"][1]
    assert () == thoughts_left_out(parse_chat(chat(messages=history)), model, quirks)


def test_mistral_gets_nothing_of_what_openais_sdk_fills_in() -> None:
    """`message.model_dump()` of openai-python in the history, or `tools: []`, was a 422 for the whole request."""
    dumped = {"role": "assistant", "content": "y", "refusal": None, "annotations": None, "audio": None}

    asked = sent(PROVIDERS["mistral"].quirks, messages=[*HI, dumped], tools=[], tool_choice="auto")

    assert {"role": "assistant", "content": "y"} == asked["messages"][1]
    assert not asked.keys() & {"tools", "tool_choice"}
    assert [] == sent(PROVIDERS["openai"].quirks, tools=[])["tools"]


def test_a_model_of_mistrals_that_does_not_think_gets_no_thoughts() -> None:
    history = [*HI, {"role": "assistant", "content": "y", "reasoning_content": "z"}]

    asked = sent(PROVIDERS["mistral"].quirks, "codestral-latest", messages=history)

    assert {"role": "assistant", "content": "y"} == asked["messages"][1]


@pytest.mark.parametrize(
    ("provider", "base_url", "model"),
    [
        ("deepseek", None, "deepseek-v4-pro"),
        ("moonshot", None, "kimi-k2.5"),
        ("openai", "https://opencode.ai/zen/v1", "Kimi-K2.6"),
    ],
)
@pytest.mark.parametrize(
    ("before", "thought"),
    [({}, " "), ({"reasoning_content": ""}, " "), ({"reasoning": "z"}, "z"), ({"reasoning_content": "z"}, "z")],
)
def test_another_models_call_gets_the_thought_that_the_next_one_wants(
    provider: str, base_url: str | None, model: str, before: dict[str, Any], thought: str
) -> None:
    """Whoever changed the model in a tool loop, or was failed over, got 400: the call lacked `reasoning_content`."""
    known = PROVIDERS[provider]
    said = {"role": "assistant", "content": "y"}
    history = [*HI, {"role": "assistant", "content": None, "tool_calls": [CALL], **before}, RESULT, said]

    asked = sent(quirks_at(known, base_url or known.base_url), model, messages=history)["messages"]

    assert thought == asked[1]["reasoning_content"]
    assert [HI[0], RESULT, said] == [asked[0], *asked[2:]]


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-5"), ("deepseek", "other"), ("vllm", "kimi-k2.5")])
def test_nobody_else_gets_a_thought_made_up(provider: str, model: str) -> None:
    history = [*HI, {"role": "assistant", "content": None, "tool_calls": [CALL]}, RESULT]

    assert history == sent(PROVIDERS[provider].quirks, model, messages=history)["messages"]


def test_a_provider_that_nothing_is_known_of_gets_what_the_client_sent() -> None:
    new = Provider(name="new", title="New", base_url="https://new.example/v1", source="", checked="2026-11")
    assert DEFAULT == new.quirks


@pytest.mark.attack("T-73")
def test_an_image_is_passed_on_unaltered() -> None:
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA+/="}}]}
    ]

    for quirks in (provider.quirks for provider in PROVIDERS.values()):
        assert messages == sent(quirks, messages=messages)["messages"]
