"""What stands in a LiteLLM configuration, and in its rows, as facts of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.moving.gpt_load.kinds import OWN_HOSTS, TYPES, kind_of
from aihub_lite.moving.litellm.facts import move_of
from aihub_lite.moving.litellm.kinds import UPSTREAMS, upstream_of
from aihub_lite.moving.litellm.people import period_of
from aihub_lite.moving.litellm.source import read_litellm
from aihub_lite.moving.move import Move
from aihub_lite.upstream.providers import PROVIDERS

NOW = 1_795_780_800
"""2026-11-27 12:00 UTC."""


def moved(directory: Path, text: str, **environ: str) -> Move:
    file = directory / "config.yaml"
    file.write_text(text)
    return move_of(read_litellm(str(file), "", "", environ), environ, NOW)


def left(move: Move, noun: str) -> dict[str, str]:
    return {row.name: " ".join(row.notes) for row in move.left if row.noun == noun}


def test_every_provider_that_is_named_is_one_of_ours() -> None:
    named = {each.provider for each in UPSTREAMS.values()} | {*OWN_HOSTS.values()}
    assert named | {provider for provider, _ in TYPES.values()} <= PROVIDERS.keys()


@pytest.mark.parametrize(
    ("model", "custom", "base", "provider", "upstream_model"),
    [
        ("openai/Qwen/Qwen2.5", "", "https://x/v1", "openai", "Qwen/Qwen2.5"),
        ("gpt-4o", "", "", "openai", "gpt-4o"),
        ("claude-x", "", "", "anthropic", "claude-x"),
        ("llama3", "ollama", "", "ollama", "llama3"),
        ("ollama/llama3", "ollama", "", "ollama", "llama3"),
        ("house/own", "", "https://x/v1", "openai", "house/own"),
        ("together_ai/a/b", "", "", "together", "a/b"),
    ],
)
def test_the_provider_is_before_the_first_slash_or_known_by_the_name(
    model: str, custom: str, base: str, provider: str, upstream_model: str
) -> None:
    upstream, name = upstream_of(model, custom, base)
    assert (provider, upstream_model) == (upstream.provider, name)


@pytest.mark.parametrize(
    ("provider", "base", "version", "ours"),
    [
        ("azure", "https://a.openai.azure.com/", "2024-10-21", "https://a.openai.azure.com/openai?api-version=2024-10-21"),
        ("azure", "https://a.openai.azure.com", "", "https://a.openai.azure.com/openai/v1"),
        ("anthropic", "https://a.example", "", "https://a.example/v1"),
        ("anthropic", "https://a.example/v1/messages", "", "https://a.example/v1"),
        ("ollama_chat", "http://localhost:11434/", "", "http://localhost:11434/v1"),
        ("openai", "https://a.example/v1/", "", "https://a.example/v1"),
        ("gemini", "https://a.example", "", "https://a.example/v1beta"),
    ],
)  # fmt: skip
def test_a_base_url_is_written_as_ours_are(provider: str, base: str, version: str, ours: str) -> None:
    assert ours == UPSTREAMS[provider].address(base, version)


def test_a_clouds_models_are_left_with_the_command_that_adds_them(tmp_path: Path) -> None:
    move = moved(
        tmp_path,
        """
model_list:
  - {model_name: a, litellm_params: {model: bedrock/x}}
  - {model_name: b, litellm_params: {model: vertex_ai/y}}
  - {model_name: c, litellm_params: {model: unheard-of/z}}
  - {model_name: d, litellm_params: {model: "openai/*"}}
  - {model_name: e, litellm_params: {model: openai/x, api_base: os.environ/NOT_SET}}
""",
    )
    told = left(move, "channel")
    assert () == move.channels
    assert {"a", "b", "c", "d", "e"} == told.keys()
    assert all(word in told[name] for name, word in {"a": "--type bedrock", "b": "--project", "e": "NOT_SET"}.items())


def test_fractions_of_weights_and_orders_stay_in_proportion(tmp_path: Path) -> None:
    move = moved(
        tmp_path,
        """
model_list:
  - {model_name: a, litellm_params: {model: openai/x, api_key: one, weight: 0.9, order: 1}}
  - {model_name: a, litellm_params: {model: openai/x, api_key: two, weight: 0.1, order: 1}}
  - {model_name: a, litellm_params: {model: openai/x, api_key: three, weight: 0.5, order: 2}}
""",
    )
    one, two, three = (channel.channel for channel in move.channels)
    assert (9, True) == (one.weight // two.weight, one.priority == two.priority > three.priority)


def test_prices_are_exact_and_where_deployments_differ_nothing_is_given_away(tmp_path: Path) -> None:
    move = moved(
        tmp_path,
        """
model_list:
  - {model_name: a, litellm_params: {model: openai/x, input_cost_per_token: 1.1e-07, output_cost_per_token: 0.0000003}}
  - {model_name: a, litellm_params: {model: openai/x, api_key: b, input_cost_per_token: 2e-07}}
  - {model_name: b-*, litellm_params: {model: openai/*, input_cost_per_token: 1e-06}}
  - {model_name: c, litellm_params: {model: openai/x, input_cost_per_second: 0.1}}
""",
    )
    (price,) = move.prices
    assert (200_000_000, 300_000_000) == (price.rates.input, price.rates.output)
    assert "the highest" in " ".join(price.notes)
    assert {"b-*", "c"} == left(move, "price").keys()


def test_a_key_in_a_variable_stays_there(tmp_path: Path) -> None:
    text = """
model_list:
  - {model_name: a, litellm_params: {model: openai/x, api_key: os.environ/MY_KEY, extra_headers: {X-A: os.environ/H}}}
  - {model_name: b, litellm_params: {model: groq/y}}
general_settings: {master_key: os.environ/MASTER}
"""
    move = moved(tmp_path, text, MY_KEY="sk-value", H="value")
    refs = [key.ref.value for channel in move.channels for key in channel.channel.keys]
    assert ["env:MY_KEY", "env:GROQ_API_KEY"] == refs
    overrides = move.channels[0].channel.overrides
    assert overrides is not None
    assert ["env:H"] == [header.value.value for header in overrides.headers]
    assert "MASTER" in left(move, "token")["master key"]
    assert ["LiteLLM master key"] == [each.token.name for each in moved(tmp_path, text, MASTER="sk-m").tokens]


def test_lists_of_fallbacks_that_differ_are_one_route_with_a_note(tmp_path: Path) -> None:
    names = "".join(
        f"  - {{model_name: {name}, litellm_params: {{model: openai/{name}, api_key: k}}}}\n" for name in "abc"
    )
    move = moved(
        tmp_path,
        f"""
model_list:
{names}
router_settings:
  fallbacks: [{{a: [b]}}, {{gone: [b]}}]
  content_policy_fallbacks: [{{a: [c, nowhere]}}]
""",
    )
    (route,) = move.routes
    assert ["a", "b", "c"] == [step.model for step in route.route.steps]
    assert ("down", "rate", "quota", "context", "content") == route.route.on
    assert ["nowhere" in note for note in route.notes] == [True, False]
    assert ["gone"] == [*left(move, "route")]


@pytest.mark.parametrize(
    ("duration", "resets", "ours"),
    [
        ("30d", (2026, 12, 1), "month"),
        ("30d", (2026, 12, 26), "30d@2026-11-26T00:00:00Z"),
        ("30d", None, "month"),
        ("7d", (2026, 11, 30), "week"),
        ("7d", (2026, 12, 1), "7d@2026-11-24T00:00:00Z"),
        ("1d", (2026, 11, 28), "day"),
        ("24h", None, "day"),
        ("1h", None, "hour"),
        ("2w", (2026, 12, 5), "14d@2026-11-21T00:00:00Z"),
        ("daily", None, "day"),
        ("5h", (2026, 11, 27), "5h@2026-11-26T19:00:00Z"),
        ("90s", None, None),
        ("500d", None, None),
        ("soon", None, None),
    ],
)
def test_a_window_ends_when_litellm_would_refill_it(duration: str, resets: Any, ours: str | None) -> None:
    at = None
    if resets is not None:
        year, month, day = resets
        at = int(datetime(year, month, day, tzinfo=UTC).timestamp())
    assert ours == period_of(duration, at, NOW)


def test_a_group_of_gpt_load_at_a_makers_own_server_is_that_makers() -> None:
    assert ("deepseek", "") == kind_of("openai", "https://api.deepseek.com")
    assert ("anthropic", "") == kind_of("anthropic", "https://api.anthropic.com/")
    assert ("openai", "https://relay.example/openai/v1") == kind_of("openai", "https://relay.example/openai")
    assert ("anthropic", "https://relay.example/v1") == kind_of("anthropic", "https://relay.example")
    assert ("vertex", "https://aiplatform.googleapis.com/v1") == kind_of("gemini", "https://aiplatform.googleapis.com")
    # An OpenAI-like address of another maker's server is no API of that maker's own.
    assert ("openai", "https://api.anthropic.com/v1") == kind_of("openai", "https://api.anthropic.com")
