"""The other fields of a request: limits, sampling, reasoning, formats, identity, and what is left out."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.betas import VERSION, betas_of
from aihub_lite.wire.anthropic.models import FAMILIES, claude_model
from aihub_lite.wire.anthropic.upstream.request import JSON_ONLY, JSON_TOOL
from tests.support.upstream.claude import asked, checked, sent, translated

OLD = "claude-sonnet-4-5"
MIDDLE = "claude-sonnet-4-6"
NEW = "claude-opus-5-5"
SCHEMA = {"type": "object", "properties": {"x": {"type": "integer", "minimum": 1}}, "required": ["x"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
HELLO = {"role": "user", "content": "Hello"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "x"}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gets_a_request_that_the_sdk_knows(family: str) -> None:
    body = sent({"temperature": 0.5, "top_p": 0.9, "reasoning_effort": "high", "user": "u"}, f"claude-{family}")
    row = claude_model(f"claude-{family}")

    assert row is FAMILIES[family]
    assert row.max_output == body["max_tokens"]
    assert row.sampling or {"temperature", "top_p"}.isdisjoint(body)
    assert {"none": None, "enabled": "enabled", "adaptive": "adaptive"}[row.thinking] == body.get("thinking", {}).get(
        "type"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"max_tokens": 5}, 5), ({"max_completion_tokens": 6, "max_tokens": 5}, 6), ({}, 128_000)],
)
def test_the_limit_is_the_clients_or_the_models_own(given: dict[str, Any], expected: int) -> None:
    assert expected == sent(given)["max_tokens"]


def test_a_stream_is_asked_for_without_stream_options() -> None:
    assert {"model", "max_tokens", "messages", "stream"} == sent(
        {"stream": True, "stream_options": {"include_usage": True}}
    ).keys()
    assert "stream" not in sent({"stream": False})


def test_several_choices_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="'n'"):
        sent({"n": 2})


@pytest.mark.parametrize(
    ("stop", "expected"), [("x", ["x"]), (["a", " ", "", "b"], ["a", "b"]), ("\n", None), ([], None), (None, None)]
)
def test_stop_words_of_white_space_are_left_out(stop: Any, expected: Any) -> None:
    assert expected == sent({"stop": stop}).get("stop_sequences")


@pytest.mark.parametrize("stop", [5, [5], {"a": 1}])
def test_stop_words_that_are_no_texts_are_refused(stop: Any) -> None:
    with pytest.raises(InvalidRequest, match="'stop'"):
        sent({"stop": stop})


@pytest.mark.parametrize(
    ("given", "model", "expected", "dropped"),
    [
        ({"temperature": 1.7}, OLD, {"temperature": 1}, ()),
        ({"temperature": -1}, OLD, {"temperature": 0}, ()),
        ({"temperature": 0.3, "top_p": 0.5}, OLD, {"temperature": 0.3}, ("top_p",)),
        ({"temperature": 0.3, "top_p": 1}, OLD, {"temperature": 0.3}, ()),
        ({"top_p": 0.5, "top_k": 40}, OLD, {"top_p": 0.5, "top_k": 40}, ()),
        ({"temperature": 1, "top_p": 1.0}, NEW, {}, ()),
        ({"temperature": 0.3, "top_k": 1}, NEW, {}, ("temperature", "top_k")),
        ({"temperature": 0.3, "reasoning_effort": "low"}, OLD, {}, ("temperature",)),
        ({"temperature": 1, "reasoning_effort": "low"}, MIDDLE, {}, ()),
        ({"temperature": None}, OLD, {}, ()),
    ],
)
def test_sampling_is_sent_only_where_it_is_taken(
    given: dict[str, Any], model: str, expected: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    translation = translated(given, model)

    assert expected == {
        name: translation.body[name] for name in ("temperature", "top_p", "top_k") if name in translation.body
    }
    assert dropped == translation.dropped


@pytest.mark.parametrize("value", ["hot", True, [1]])
def test_sampling_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="temperature"):
        sent({"temperature": value}, OLD)


def test_anthropics_own_fields_pass_without_their_nulls() -> None:
    own = {
        "thinking": {"type": "adaptive", "display": "omitted"},
        "output_config": {"effort": "low", "task_budget": {"type": "tokens", "total": 20000}},
        "context_management": {"edits": [{"type": "compact_20260112"}]},
        "cache_control": {"type": "ephemeral"},
        "speed": "fast",
        "container": "container_1",
        "inference_geo": "us",
        "mcp_servers": [{"type": "url", "url": "https://x.test/mcp", "name": "x"}],
    }
    body = sent({**own, "thinking": {**own["thinking"], "x": None}, "reasoning_effort": "high"}, NEW)  # type: ignore[dict-item]

    assert own == {name: body[name] for name in own}


@pytest.mark.parametrize("name", ["thinking", "output_config", "cache_control", "mcp_servers", "speed"])
def test_anthropics_own_fields_of_another_type_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        sent({name: 5})


def test_a_schema_is_asked_for_beside_the_effort() -> None:
    config = sent({"response_format": FORMAT, "reasoning_effort": "low"}, NEW)["output_config"]

    assert "low" == config["effort"]
    assert {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"x": {"type": "integer", "description": "{minimum: 1}"}},
            "additionalProperties": False,
            "required": ["x"],
        },
    } == config["format"]


def test_a_model_without_structured_output_gets_a_tool_that_it_must_call() -> None:
    translation = translated({"response_format": FORMAT}, "claude-opus-4-1")

    assert {"type": "tool", "name": JSON_TOOL} == translation.body["tool_choice"]
    assert [JSON_TOOL] == [tool["name"] for tool in translation.body["tools"]]
    assert {JSON_TOOL: ""} == translation.tool_names


def test_the_tool_for_json_stands_beside_the_clients_own_even_one_of_its_name() -> None:
    tools = [{"type": "function", "function": {"name": JSON_TOOL}}]
    translation = translated({"response_format": FORMAT, "tools": tools}, "claude-opus-4-1")

    assert [JSON_TOOL + "_2", JSON_TOOL] == [tool["name"] for tool in translation.body["tools"]]
    assert {JSON_TOOL: "", JSON_TOOL + "_2": JSON_TOOL} == translation.tool_names
    assert {"type": "any"} == translation.body["tool_choice"]


def test_a_json_object_is_asked_for_in_the_last_system_block() -> None:
    body = sent(
        {"messages": [{"role": "system", "content": "S"}, HELLO], "response_format": {"type": "json_object"}}, NEW
    )

    assert ["S", JSON_ONLY] == [block["text"] for block in body["system"]]


def test_plain_text_is_the_default_format() -> None:
    assert sent({}) == sent({"response_format": {"type": "text"}})


@pytest.mark.parametrize(
    "form", [5, {}, {"type": "xml"}, {"type": "json_schema"}, {"type": "json_schema", "json_schema": 1}]
)
def test_a_format_that_does_not_exist_is_refused(form: Any) -> None:
    with pytest.raises(InvalidRequest, match="response_format"):
        sent({"response_format": form})


def test_who_asks_is_hashed_since_addresses_are_refused() -> None:
    hashed = hashlib.sha256(b"ann@x.test").hexdigest()

    assert {"user_id": hashed} == sent({"user": "ann@x.test"})["metadata"]
    assert {"user_id": hashed} == sent({"safety_identifier": "ann@x.test", "user": "other"})["metadata"]
    assert {"user_id": "u1"} == sent({"metadata": {"user_id": "u1"}, "user": "x"})["metadata"]


def test_metadata_of_another_kind_is_named() -> None:
    assert ("metadata",) == translated({"metadata": {"team": "a"}}).dropped


@pytest.mark.parametrize(
    ("tier", "expected", "dropped"),
    [("auto", "auto", ()), ("default", "standard_only", ()), ("flex", None, ("service_tier",))],
)
def test_a_service_tier_is_one_that_exists(tier: str, expected: str | None, dropped: tuple[str, ...]) -> None:
    translation = translated({"service_tier": tier})

    assert (expected, dropped) == (translation.body.get("service_tier"), translation.dropped)


UNSUPPORTED = {
    "logprobs": True,
    "top_logprobs": 5,
    "logit_bias": {"1": 1},
    "seed": 1,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "prediction": {"type": "content", "content": "x"},
    "modalities": ["text", "audio"],
    "audio": {"voice": "a", "format": "wav"},
    "store": True,
    "verbosity": "low",
    "prompt_cache_key": "k",
    "web_search_options": {},
    "frobnicate": 1,
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_field_without_equivalent_is_left_out_and_named(name: str) -> None:
    translation = translated({name: UNSUPPORTED[name]})

    assert (sent({}), (name,)) == (translation.body, translation.dropped)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_field_without_equivalent_is_refused_by_name_when_strict(name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        sent({name: UNSUPPORTED[name]}, strict=True)


@pytest.mark.parametrize(
    "given",
    [
        {"logprobs": False, "top_logprobs": 0, "logit_bias": {}, "frequency_penalty": 0, "presence_penalty": 0.0},
        {"store": False, "modalities": ["text"], "verbosity": "medium", "n": 1, "seed": None, "temperature": 1},
        {"parallel_tool_calls": True, "stream": False, "base_url": "https://x.test", "api_key": "k"},
    ],
)
def test_defaults_and_routing_fields_are_left_out_in_silence(given: dict[str, Any]) -> None:
    translation = translated(given, NEW, strict=True)

    assert (sent({}, NEW), ()) == (translation.body, translation.dropped)


def test_the_same_request_gives_the_same_bytes() -> None:
    request = asked(
        {"messages": [HELLO, CALL, RESULT], "seed": 1, "tools": [{"type": "function", "function": {"name": "f"}}]}
    )

    assert repr(checked(request, NEW)) == repr(checked(request, NEW))


def test_what_is_known_of_a_model_goes_before_its_name() -> None:
    assert 8192 == translated({}, NEW, row=claude_model("claude-3-5-haiku")).body["max_tokens"]


def test_the_version_is_pinned_since_the_next_one_refuses_sampling() -> None:
    assert ("2023-06-01", "") == (VERSION, betas_of(sent({})))


@pytest.mark.parametrize(
    ("given", "model", "beta"),
    [
        ({"mcp_servers": [{"type": "url", "url": "https://x", "name": "x"}]}, NEW, "mcp-client-2025-11-20"),
        ({"speed": "fast"}, NEW, "fast-mode-2026-02-01"),
        ({"output_config": {"effort": "low"}}, "claude-opus-4-5", "effort-2025-11-24"),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file_1"}}]}]},
            NEW,
            "files-api-2025-04-14",
        ),
    ],
)
def test_a_beta_is_named_where_the_request_needs_it(given: dict[str, Any], model: str, beta: str) -> None:
    assert beta == betas_of(sent(given, model))


def test_of_a_clients_betas_only_known_ones_go_upstream() -> None:
    from_client = "extended-cache-ttl-2025-04-11, managed-agents-2026-04-01"

    assert "extended-cache-ttl-2025-04-11" == betas_of(sent({}), from_client)


DESCRIBED = {"type": "json_schema", "json_schema": {"name": "Book", "description": "A book", "schema": SCHEMA}}


@pytest.mark.parametrize("model", [OLD, "claude-3-5-haiku-20241022"])
def test_a_description_beside_a_schema_is_told_with_it(model: str) -> None:
    """K21: it was left out without a word."""
    request = translated({"response_format": DESCRIBED}, model)
    assert '"description":"A book"' in msgspec.json.encode(request.body).decode()
    assert () == request.dropped


def test_who_speaks_is_named_as_left_out() -> None:
    """K21: `messages[].name` was left out without a word; of a function's result it is the function's."""
    spoken = {"messages": [{**HELLO, "name": "ann"}]}
    result = {"role": "function", "name": "f", "content": "x"}
    called = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    assert ("messages.name",) == translated(spoken, OLD).dropped
    assert () == translated({"messages": [HELLO, called, result]}, OLD).dropped


def test_a_description_that_has_no_place_is_named() -> None:
    schema = {"$ref": "#/$defs/a", "$defs": {"a": SCHEMA}}
    form = {"type": "json_schema", "json_schema": {"name": "Book", "description": "A book", "schema": schema}}
    assert ("response_format.json_schema.description",) == translated({"response_format": form}, OLD).dropped
