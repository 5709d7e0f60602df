"""The table of what each family of Claude models takes."""

from __future__ import annotations

import pytest

from aihub_lite.wire.anthropic.models import COMPATIBLE, FAMILIES, NEWEST, claude_model, upstream_id, with_capabilities

IDS = {
    "claude-sonnet-4.6": "sonnet-4-6",
    "claude-sonnet-4-0": "sonnet-4",
    "claude-opus-4-20250514": "opus-4",
    "claude-4-opus-20250514": "opus-4",
    "claude-3-5-haiku-latest": "haiku-3-5",
    "claude-3.7-sonnet": "sonnet-3-7",
    "claude-haiku-4-5-20251001": "haiku-4-5",
    "claude-opus-4-5@20251101": "opus-4-5",
    "us.anthropic.claude-opus-4-1-20250805-v1:0": "opus-4-1",
    "anthropic/claude-fable-5.1": "fable-5-1",
    "Claude-Sonnet-5": "sonnet-5",
}


@pytest.mark.parametrize(("model", "family"), IDS.items())
def test_a_dotted_dated_or_prefixed_id_is_taken_for_its_family(model: str, family: str) -> None:
    assert FAMILIES[family] is claude_model(model)


@pytest.mark.parametrize("model", ["claude-opus-6", "claude-opus-latest", "claude-mythos-preview", "claude-next"])
def test_an_unknown_claude_gets_the_newest_behaviour(model: str) -> None:
    assert NEWEST is claude_model(model)


def test_a_model_of_somebody_else_is_asked_for_nothing_new() -> None:
    assert COMPATIBLE is claude_model("kimi-k3")


def test_a_dotted_id_is_sent_as_anthropic_writes_it() -> None:
    assert "claude-sonnet-4-6" == upstream_id("claude-sonnet-4.6")
    assert "anthropic.claude-sonnet-4.6" == upstream_id("anthropic.claude-sonnet-4.6")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_names_its_source_and_when_it_was_read(family: str) -> None:
    assert FAMILIES[family].source.endswith("2026-11")


@pytest.mark.parametrize("family", FAMILIES)
def test_no_row_contradicts_itself(family: str) -> None:
    row = FAMILIES[family]

    assert row.max_output > 0
    assert not (row.sampling and row.account_bound)
    assert (row.thinking == "adaptive") <= bool(row.efforts)


def test_what_anthropic_says_of_a_model_corrects_its_row() -> None:
    yes = {"supported": True}
    no = {"supported": False}
    info = {
        "max_tokens": 5000,
        "capabilities": {
            "thinking": {"supported": True, "types": {"adaptive": yes, "enabled": no, "disabled": yes}},
            "effort": {"supported": True, "low": yes, "medium": yes, "high": yes, "xhigh": None, "max": no},
            "structured_outputs": no,
        },
    }
    row = with_capabilities(NEWEST, info)

    assert (5000, "adaptive", "disabled", ("low", "medium", "high"), False) == (
        row.max_output,
        row.thinking,
        row.off,
        row.efforts,
        row.native_json,
    )


def test_what_anthropic_does_not_say_of_a_model_stays() -> None:
    assert NEWEST == with_capabilities(NEWEST, {"id": "claude-x", "capabilities": None})
