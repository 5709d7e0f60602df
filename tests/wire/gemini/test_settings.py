"""Settings: lengths, sampling, formats, thinking, and what is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini.models import EFFORTS, FAMILIES, gemini_model
from aihub_lite.wire.gemini.request import path_of
from tests.wire.gemini.wire import BUDGET, NEW, OLD, WEATHER, checked, config, dropped, request_of, translation_of, user

NEWEST = "gemini-3.8-flash"
SCHEMA = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "additionalProperties": False}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}


def test_fields_that_the_client_leaves_out_are_not_sent() -> None:
    body = translation_of([user()], stream=True, stream_options={"include_usage": True}).body

    assert {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]} == body


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"max_tokens": 10}, {"maxOutputTokens": 10}),
        ({"max_tokens": 10, "max_completion_tokens": 20}, {"maxOutputTokens": 20}),
        ({"n": 2}, {"candidateCount": 2}),
        ({"n": 1}, {}),
        ({"stop": "END"}, {"stopSequences": ["END"]}),
        ({"stop": ["a", "", "b"]}, {"stopSequences": ["a", "b"]}),
        ({"stop": None, "temperature": None, "top_p": None}, {}),
        ({"temperature": 0, "top_p": 0.5, "top_k": 3}, {"temperature": 0, "topP": 0.5, "topK": 3}),
        ({"seed": 7}, {"seed": 7}),
        ({"seed": 2**40 + 5}, {"seed": 5}),
        ({"presence_penalty": 1, "frequency_penalty": 0}, {"presencePenalty": 1}),
        ({"logprobs": True, "top_logprobs": 3}, {"responseLogprobs": True, "logprobs": 3}),
        ({"logprobs": False}, {}),
        ({"response_format": {"type": "text"}}, {}),
        ({"response_format": {"type": "json_object"}}, {"responseMimeType": "application/json"}),
        (
            {"response_format": JSON_SCHEMA},
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
        ({"modalities": ["text", "image"]}, {"responseModalities": ["TEXT", "IMAGE"]}),
        ({"modalities": ["text"]}, {}),
        (
            {"modalities": ["audio"], "audio": {"voice": "Kore", "format": "wav"}},
            {
                "responseModalities": ["AUDIO"],
                "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
            },
        ),
    ],
)
def test_a_setting_is_said_in_geminis_words(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == config(BUDGET, **fields)


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        (BUDGET, "none", {"thinkingBudget": 0}),
        (BUDGET, "minimal", {"thinkingBudget": 512, "includeThoughts": True}),
        (BUDGET, "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        (BUDGET, "medium", {"thinkingBudget": 8192, "includeThoughts": True}),
        (BUDGET, "high", {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}),
        ("gemini-2.5-pro", "max", {"thinkingBudget": 32768, "includeThoughts": True}),
        (NEW, "none", {"thinkingLevel": "MINIMAL"}),
        (NEW, "low", {"thinkingLevel": "LOW", "includeThoughts": True}),
        (NEW, "xhigh", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "none", {"thinkingLevel": "LOW"}),
        (NEWEST, "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
    ],
)
def test_reasoning_effort_is_a_level_or_a_budget_and_never_both(model: str, effort: str, expected: Any) -> None:
    assert {"thinkingConfig": expected} == config(model, reasoning_effort=effort)


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_takes_every_effort_as_a_level_or_a_budget_at_most(family: str, effort: str) -> None:
    thinking = config(family, reasoning_effort=effort).get("thinkingConfig", {})

    assert len(thinking.keys() & {"thinkingLevel", "thinkingBudget"}) < 2


@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_names_its_source_and_date(family: str) -> None:
    source = FAMILIES[family].source

    assert source.startswith("[")
    assert source.endswith("2026-11")


def test_models_that_do_not_think_drop_every_effort_but_none() -> None:
    assert ("reasoning_effort",) == dropped(OLD, reasoning_effort="high")
    assert () == dropped(OLD, reasoning_effort="none")


def test_thoughts_are_shown_only_to_those_who_ask() -> None:
    assert {} == config(NEW)
    assert {"thinkingConfig": {"includeThoughts": True}} == config(NEW, include_reasoning=True)
    assert {"thinkingConfig": {"thinkingLevel": "LOW"}} == config(NEW, reasoning_effort="low", include_reasoning=False)


def test_extra_body_of_googles_own_endpoint_is_understood() -> None:
    extra = {
        "google": {
            "thinking_config": {"thinking_budget": 100, "include_thoughts": True},
            "cached_content": "cachedContents/1",
            "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
        }
    }

    body = translation_of([user()], BUDGET, extra_body=extra, reasoning_effort="high").body

    assert {"thinkingBudget": 100, "includeThoughts": True} == body["generationConfig"]["thinkingConfig"]
    assert "cachedContents/1" == body["cachedContent"]
    assert [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}] == body["safetySettings"]


def test_sampling_is_dropped_by_name_where_it_does_nothing() -> None:
    assert ("temperature", "top_p") == dropped(NEWEST, temperature=0.2, top_p=0.5)
    assert () == dropped(NEWEST, temperature=1, top_p=1)


def test_penalties_are_dropped_by_name_where_they_are_refused() -> None:
    assert ("frequency_penalty",) == dropped(NEW, frequency_penalty=0.5, presence_penalty=0)


def test_a_response_format_gives_way_to_functions_where_both_are_refused() -> None:
    old = translation_of([user()], BUDGET, tools=[WEATHER], response_format=JSON_SCHEMA)
    new = translation_of([user()], NEW, tools=[WEATHER], response_format=JSON_SCHEMA)

    assert ("response_format",) == old.dropped
    assert "generationConfig" not in old.body
    assert SCHEMA == new.body["generationConfig"]["responseJsonSchema"]


def test_older_models_get_a_format_in_the_subset_that_they_know() -> None:
    expected = {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}

    assert expected == config("gemini-1.5-pro", response_format=JSON_SCHEMA)["responseSchema"]


def test_models_that_speak_or_draw_are_asked_for_these_modalities() -> None:
    assert ["AUDIO"] == config("gemini-2.5-flash-preview-tts")["responseModalities"]
    assert ["TEXT", "IMAGE"] == config("gemini-2.0-flash-preview-image-generation")["responseModalities"]


@pytest.mark.parametrize(("tier", "expected"), [("flex", "flex"), ("default", "standard"), ("priority", "priority")])
def test_the_service_tier_is_passed_on(tier: str, expected: str) -> None:
    assert expected == translation_of([user()], service_tier=tier).body["serviceTier"]


def test_what_gemini_has_no_word_for_is_dropped_by_name() -> None:
    fields: dict[str, Any] = {
        "user": "u",
        "metadata": {"a": "b"},
        "logit_bias": {"1": 2},
        "store": True,
        "prediction": {"type": "content", "content": "x"},
        "parallel_tool_calls": False,
        "verbosity": "low",
        "prompt_cache_key": "k",
        "service_tier": "scale",
        "audio": {"voice": "alloy"},
        "brand_new_field": 1,
    }

    assert tuple(sorted(fields)) == dropped(**fields)


def test_values_that_ask_for_nothing_are_not_reported() -> None:
    assert () == dropped(
        parallel_tool_calls=True, store=False, logit_bias={}, metadata={}, service_tier="auto", user=None
    )


def test_fields_that_aim_at_another_gateway_are_left_out_in_silence() -> None:
    assert () == dropped(api_base="http://evil.example", num_retries=3)


def test_strict_mode_refuses_what_would_be_dropped() -> None:
    with pytest.raises(InvalidRequest, match="'logit_bias', 'user'"):
        checked(request_of([user()], user="u", logit_bias={"1": 2}), NEW, strict=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": "hot"},
        {"top_p": True},
        {"seed": "x"},
        {"stop": 7},
        {"stop": [1]},
        {"stop": list("abcdef")},
        {"reasoning_effort": "extreme"},
        {"response_format": {"type": "xml"}},
        {"response_format": "json"},
        {"modalities": ["smell"]},
        {"tools": {}},
    ],
)
def test_a_setting_of_the_wrong_type_is_refused_by_its_name(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=f"'{next(iter(fields))}"):
        config(**fields)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("models/gemini-2.5-flash-lite-preview-09-2025", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-3-pro-preview", "gemini-3-pro"),
        ("GEMINI-2.0-FLASH-LITE", "gemini-2.0"),
        ("gemini-2.5-flash-image", "gemini-2.5-flash-image"),
    ],
)
def test_a_model_has_the_row_of_the_longest_prefix(name: str, family: str) -> None:
    assert FAMILIES[family] is gemini_model(name)


def test_the_model_stands_in_the_path_and_nothing_of_it_escapes() -> None:
    assert "/v1beta/models/gemini-3-flash:generateContent" == path_of("models/gemini-3-flash", stream=False)
    assert "/v1beta/models/..%2Fx%3Fy:streamGenerateContent?alt=sse" == path_of("../x?y", stream=True)


def test_a_description_beside_a_schema_is_told_with_it() -> None:
    """K21: it was left out without a word."""
    form = {"type": "json_schema", "json_schema": {"name": "Book", "description": "A book", "schema": SCHEMA}}
    assert "A book" == config(NEW, response_format=form)["responseJsonSchema"]["description"]
    assert "A book" == config("gemini-1.5-pro", response_format=form)["responseSchema"]["description"]


def test_who_speaks_is_named_as_left_out() -> None:
    """K21."""
    assert ("messages.name",) == translation_of([{**user(), "name": "ann"}]).dropped
