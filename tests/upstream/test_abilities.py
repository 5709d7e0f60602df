"""What models are known to do by their ids, and what upstreams' lists say of it."""

from __future__ import annotations

import pytest

from aihub_lite.domain.channel import Ability
from aihub_lite.upstream.abilities import abilities_of
from aihub_lite.upstream.model_rows import facts_of


@pytest.mark.parametrize(
    ("model", "can", "cannot"),
    [
        ("gpt-4o-mini", {"tools", "image", "structured"}, {"audio", "reasoning"}),
        ("gpt-4o-audio-preview", {"audio"}, {"image"}),
        ("openai/gpt-5.2-codex", {"tools", "reasoning"}, {"audio"}),
        ("gpt-3.5-turbo-0125", {"tools"}, {"image", "structured"}),
        ("o3-mini", {"reasoning"}, {"image"}),
        ("o4-mini-2025-04-16", {"image", "reasoning"}, {"audio"}),
        ("claude-3-5-haiku-20241022", {"tools", "image", "file"}, {"reasoning", "audio"}),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", {"reasoning", "file"}, {"audio"}),
        ("models/gemini-2.5-flash", {"audio", "reasoning", "file"}, set()),
        ("gemini-2.5-flash-image", set(), {"tools"}),
        ("qwen3-coder-480b", {"tools"}, {"image"}),
        ("deepseek-chat", {"tools"}, {"image", "file"}),
    ],
)
def test_a_family_is_known_for_what_its_makers_say(model: str, can: set[Ability], cannot: set[Ability]) -> None:
    known = abilities_of(model)
    assert known is not None
    assert (can, cannot) == ({each for each in can if known[each]}, {each for each in cannot if not known[each]})


@pytest.mark.parametrize("model", ["my-model", "not-gpt-4o", "phi-4"])
def test_of_other_models_nothing_is_known(model: str) -> None:
    assert abilities_of(model) is None


def test_a_list_of_parameters_says_what_a_model_can_and_what_not() -> None:
    facts = facts_of({"id": "m", "supported_parameters": ["tools", "temperature"]})
    assert facts is not None
    assert (("tools",), ("structured", "reasoning")) == (facts.can, facts.cannot)
    mistral = facts_of({"id": "m", "capabilities": {"function_calling": False}})
    assert mistral is not None
    assert ((), ("tools",)) == (mistral.can, mistral.cannot)
