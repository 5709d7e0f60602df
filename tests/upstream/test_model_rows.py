"""What upstreams' lists say of models, each in its own words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.channel import ModelFacts
from aihub_lite.upstream.discovery import listed_models
from aihub_lite.upstream.model_rows import facts_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Transport
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

OPENROUTER = {
    "id": "anthropic/claude-sonnet-4.5",
    "name": "Anthropic: Claude Sonnet 4.5",
    "created": 1_759_161_676,
    "context_length": 1_000_000,
    "architecture": {"modality": "text+image+file->text", "input_modalities": ["text", "image", "file"]},
    "pricing": {"prompt": "0.000003", "completion": "0.000015"},
    "top_provider": {"context_length": 1_000_000, "max_completion_tokens": 64_000, "is_moderated": False},
}
GROQ = {
    "id": "llama-3.3-70b-versatile",
    "owned_by": "Meta",
    "active": True,
    "context_window": 131_072,
    "max_completion_tokens": 32_768,
}
MISTRAL = {
    "id": "mistral-medium-latest",
    "name": "mistral-medium-2508",
    "max_context_length": 131_072,
    "capabilities": {"completion_chat": True, "function_calling": True, "vision": True},
}
ANTHROPIC = {
    "type": "model",
    "id": "claude-opus-4-1",
    "display_name": "Claude Opus 4.1",
    "max_input_tokens": 200_000,
    "max_tokens": 32_000,
    "capabilities": {"image_input": {"supported": True}, "pdf_input": {"supported": True}},
}
VLLM = {"id": "Qwen/Qwen3-8B", "object": "model", "max_model_len": 40_960, "permission": []}
TOGETHER = {"id": "Qwen/Qwen3-8B", "display_name": "Qwen3 8B", "context_length": 40_960, "type": "chat"}
FIREWORKS = {"id": "accounts/fireworks/models/x", "context_length": 4096, "supports_image_input": False}


def facts(**fields: Any) -> ModelFacts:
    return ModelFacts(**fields)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            OPENROUTER,
            facts(
                name="Anthropic: Claude Sonnet 4.5",
                context_length=1_000_000,
                max_output_tokens=64_000,
                input_modalities=("text", "image", "file"),
            ),
        ),
        (GROQ, facts(context_length=131_072, max_output_tokens=32_768)),
        (
            MISTRAL,
            facts(
                name="mistral-medium-2508",
                context_length=131_072,
                input_modalities=("text", "image"),
                can=("tools",),
            ),
        ),
        (
            ANTHROPIC,
            facts(
                name="Claude Opus 4.1",
                context_length=200_000,
                max_output_tokens=32_000,
                input_modalities=("text", "image", "file"),
            ),
        ),
        (VLLM, facts(context_length=40_960)),
        (TOGETHER, facts(name="Qwen3 8B", context_length=40_960)),
        (FIREWORKS, facts(context_length=4096, input_modalities=("text",))),
    ],
    ids=["OpenRouter", "Groq", "Mistral", "Anthropic", "vLLM", "Together", "Fireworks"],
)
def test_each_providers_words_are_understood(row: dict[str, Any], said: ModelFacts) -> None:
    assert said == facts_of(row)


@pytest.mark.parametrize(
    "row",
    [
        {"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "openai"},
        {"id": "m", "name": "m", "context_length": 0, "max_tokens": -1},
        {"id": "m", "name": "", "context_length": "4096", "max_tokens": True, "architecture": []},
        {"id": "m", "name": ["m"], "display_name": "a\nb", "context_length": 1e20, "top_provider": None},
        {"id": "m", "name": "x" * 101, "context_length": 10**12, "capabilities": ["completion"]},
        {"id": "m", "architecture": {"input_modalities": ["smell", 7, None]}, "input_modalities": "text"},
    ],
)
def test_what_says_nothing_or_nonsense_is_nothing(row: dict[str, Any]) -> None:
    assert facts_of(row) is None


def test_a_list_gives_each_model_with_what_it_says() -> None:
    async def main(base_url: str) -> dict[str, ModelFacts | None]:
        async with Transport(Settings(data_dir=Path())) as transport:
            return await listed_models(transport, PROVIDERS["openrouter"], base_url, "sk-1")

    rows = [OPENROUTER, {"id": "plain"}, {"id": "plain", "name": "twice"}]
    with Upstream(json_answer(200, {"data": rows})) as upstream:
        listed = asyncio.run(main(upstream.url))
    assert [("anthropic/claude-sonnet-4.5", 1_000_000), ("plain", None)] == [
        (name, said and said.context_length) for name, said in listed.items()
    ]
