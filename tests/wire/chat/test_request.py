"""Requests: what is refused and how, and what goes upstream (T-37, T-74)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat_request import parse_chat, upstream_body
from aihub_lite.wire.fields import ROUTING_FIELDS, parse_json
from aihub_lite.wire.quirks import DEFAULT, QUIRKS, Quirks, quirks_of

HI = [{"role": "user", "content": "hi"}]


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


@settings(max_examples=300, deadline=None)
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
    for quirks in QUIRKS.values():
        upstream_body(request, "other", quirks)

    assert before == msgspec.json.encode(request.body)


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
    assert 10 == sent(quirks_of("openai"), model, max_tokens=10)[name]


def test_developer_becomes_system_where_it_is_unknown() -> None:
    body = sent(Quirks(developer_role=False), messages=[{"role": "developer", "content": "x"}, *HI])

    assert [{"role": "system", "content": "x"}, *HI] == body["messages"]


def test_stream_options_are_not_sent_where_they_are_refused() -> None:
    assert "stream_options" not in sent(quirks_of("mistral"), stream=True, stream_options={"include_usage": True})


def test_hints_inside_messages_are_dropped_where_they_are_refused() -> None:
    hint = {"cache_control": {"type": "ephemeral"}}
    body = sent(
        quirks_of("openai"),
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "x", **hint}]},
            {"role": "assistant", "content": "y", "reasoning_content": "z", **hint},
        ],
        tools=[{"type": "function", **hint, "function": {"name": "f", "parameters": {"properties": hint}, **hint}}],
    )

    assert [{"type": "text", "text": "x"}] == body["messages"][0]["content"]
    assert {"role": "assistant", "content": "y"} == body["messages"][1]
    assert [{"type": "function", "function": {"name": "f", "parameters": {"properties": hint}}}] == body["tools"]


def test_reasoning_in_history_reaches_upstreams_that_want_it() -> None:
    history = [*HI, {"role": "assistant", "content": "y", "reasoning_content": "z"}]

    assert history == sent(quirks_of("deepseek"), messages=history)["messages"]


def test_a_provider_that_nothing_is_known_of_gets_what_the_client_sent() -> None:
    assert DEFAULT == quirks_of("no such provider")


def test_an_image_is_passed_on_unaltered() -> None:
    messages = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA+/="}}]}
    ]

    for quirks in QUIRKS.values():
        assert messages == sent(quirks, messages=messages)["messages"]
