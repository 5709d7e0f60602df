"""Aliases: which model an id leads to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aihub_lite.domain.builtin_aliases import BUILTIN_ALIASES, SPELLINGS
from aihub_lite.domain.catalog import Catalog, build_catalog
from aihub_lite.domain.channel import Channel, Offer


def offering(*models: str, aliases: Mapping[str, tuple[str, ...]] | None = None) -> Catalog:
    """A catalog of one channel with these models."""
    channel = Channel(
        id="chn_1",
        name="one",
        provider="openai",
        base_url="https://example.com/v1",
        created_at=0,
        offers=tuple(Offer(model, model) for model in models),
    )
    return build_catalog([channel], BUILTIN_ALIASES if aliases is None else aliases, {}, {})


def leads_to(catalog: Catalog, model_id: str) -> str | None:
    resolved = catalog.resolve(model_id)
    return resolved[0].id if resolved else None


@pytest.mark.parametrize(
    ("model_id", "offered"),
    [
        ("claude-sonnet-4.6", "claude-sonnet-4-6"),
        ("anthropic/claude-sonnet-4.6", "claude-sonnet-4-6"),
        ("claude-sonnet-4-6", "anthropic/claude-sonnet-4.6"),
        ("claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
        ("claude-haiku-4.5", "claude-haiku-4-5-20251001"),
        ("claude-3.5-haiku", "claude-3-5-haiku-20241022"),
        ("claude-opus-4.1", "claude-opus-4-1-20250805"),
        ("deepseek-v3", "deepseek-chat"),
        ("deepseek/deepseek-r1", "deepseek-reasoner"),
        ("llama-4-maverick", "meta-llama/llama-4-maverick-17b-128e-instruct"),
        ("meta-llama/llama-4-scout", "meta-llama/Llama-4-Scout-17B-16E-Instruct"),
        ("mistral-large", "mistral-large-latest"),
        ("grok-4", "grok-4-0709"),
        ("gemini-3-pro", "gemini-3-pro-preview"),
        ("qwen3-32b", "Qwen/Qwen3-32B"),
    ],
)
def test_a_documented_id_reaches_the_model_under_its_upstream_name(model_id: str, offered: str) -> None:
    resolved = offering(offered).resolve(model_id)

    assert resolved is not None
    assert offered == resolved[0].candidates[0].upstream_model


def test_an_alias_is_ignored_while_its_own_id_is_offered() -> None:
    assert "mistral-large" == leads_to(offering("mistral-large", "mistral-large-latest"), "mistral-large")


def test_an_alias_takes_its_first_target_that_is_offered() -> None:
    aliases = {"fast": ("gone", "b", "a")}

    assert "b" == leads_to(offering("a", "b", aliases=aliases), "fast")


def test_an_alias_of_an_alias_works() -> None:
    catalog = offering("claude-sonnet-4-6", aliases={**BUILTIN_ALIASES, "best": ("claude-sonnet-4.6",)})

    assert "claude-sonnet-4-6" == leads_to(catalog, "best")


@pytest.mark.attack("T-52")
def test_an_alias_loop_leads_nowhere() -> None:
    catalog = offering("x", aliases={"a": ("b",), "b": ("a",)})

    assert (None, None) == (leads_to(catalog, "a"), leads_to(catalog, "b"))


@pytest.mark.attack("T-52")
@pytest.mark.parametrize("look_alike", ["Fast", "fast ", "ｆａｓｔ", "fаst"])
def test_a_look_alike_of_an_alias_is_no_alias(look_alike: str) -> None:
    assert leads_to(offering("a", aliases={"fast": ("a",)}), look_alike) is None


def test_a_token_allowed_an_alias_may_use_what_it_leads_to() -> None:
    resolved = offering("a", aliases={"fast": ("a",)}).resolve("fast")

    assert resolved is not None
    assert frozenset({"a", "fast"}) == resolved[1]


def test_no_spelling_belongs_to_two_models() -> None:
    names = [name for row in SPELLINGS for name in row]

    assert sorted(set(names)) == sorted(names)
