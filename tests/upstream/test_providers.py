"""Presets, and how keys reach them."""

from __future__ import annotations

import re

import attrs
import httpx
import msgspec
import pytest

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Secret
from aihub_lite.domain.money import UNPRICED
from aihub_lite.domain.validation import checked_base_url
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.adapters.responses import COMPACTION, RESPONSES
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.upkeep.questions import SURFACES, asking
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.discovery import env_channels, list_url
from aihub_lite.upstream.providers import PROVIDERS, Provider, quirks_at
from aihub_lite.wire.chat.quirks import ALL_REASONING, DEFAULT
from aihub_lite.wire.chat.request import parse_chat, upstream_body
from tests.storage.facts import CHANNEL
from tests.support.clock import ManualClock

EVERY_ROW = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: str(provider.name))
OURS = ("aihub-lite", "demo")
"""Rows whose source is this project."""
GIVEN = ("aihub-lite", "new-api")
"""Those that anybody may run anywhere."""


def environ_of(provider: Provider) -> dict[str, str]:
    """An environment in which all that is needed for a provider is set."""
    names = [*provider.places, *filter(None, [provider.env])]
    return {name: "https://it.example/" if name.endswith("_ENDPOINT") else f"value-of-{name}" for name in names}


@EVERY_ROW
def test_base_url_can_be_joined_with_an_endpoint(provider: Provider) -> None:
    address = provider.address(environ_of(provider))
    if provider.name in GIVEN:
        assert not address
        return
    url = httpx.URL(address)
    assert url.host
    assert not address.endswith("/")
    assert "//" not in url.path
    assert url.scheme in ({"http"} if provider.local else {"https", "demo"})
    assert address == checked_base_url(address)


@EVERY_ROW
def test_every_row_says_where_it_is_from_and_when_that_was_read(provider: Provider) -> None:
    source = httpx.URL(provider.source)
    assert (provider.name in OURS) != (source.scheme == "https" and bool(source.host))
    assert re.fullmatch(r"202[6-9]-(0[1-9]|1[0-2])", provider.checked)


def test_no_two_providers_share_an_environment_variable() -> None:
    names = [name for provider in PROVIDERS.values() for name in (provider.env, *provider.places) if name]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", name) for name in names)


@EVERY_ROW
def test_whoever_is_billed_elsewhere_has_a_variable_for_the_key(provider: Provider) -> None:
    assert (provider.env is None) == (provider.free or provider.name in GIVEN or provider.access == "google")


@EVERY_ROW
def test_a_key_in_the_environment_brings_the_provider_and_no_other(provider: Provider) -> None:
    found = env_channels(environ_of(provider))

    assert ([provider] if provider.env else []) == list(found)


@EVERY_ROW
def test_a_provider_whose_address_is_not_known_does_not_come_with_its_key(provider: Provider) -> None:
    for missing in provider.places:
        environ = environ_of(provider)
        del environ[missing]
        assert () == env_channels(environ)


@EVERY_ROW
def test_every_endpoint_of_a_row_is_a_surface(provider: Provider) -> None:
    assert (provider.endpoints or set()) <= {"chat", *SURFACES}


def test_a_provider_that_has_nothing_of_the_kind_is_not_asked_for_it() -> None:
    hosted = attrs.evolve(CHANNEL, provider="huggingface", base_url=PROVIDERS["huggingface"].base_url)
    elsewhere = attrs.evolve(hosted, base_url="https://own.example/v1")
    unknown = attrs.evolve(CHANNEL, provider="nebius", base_url=PROVIDERS["nebius"].base_url)

    served = [SURFACES["images"].serves(Candidate(each, "m", UNPRICED)) for each in (hosted, elsewhere, unknown)]

    assert [False, True, True] == served


def test_perplexity_is_asked_on_responses_alone_unless_a_channel_is_at_its_router() -> None:
    """Its chat endpoint ended in September 2026."""
    at_home = attrs.evolve(CHANNEL, provider="perplexity", base_url=PROVIDERS["perplexity"].base_url)
    at_router = attrs.evolve(at_home, base_url="https://api.perplexity.ai/router/v1")

    surfaces = (CHAT, MESSAGES, RESPONSES, COMPACTION)
    served = [[each.serves(Candidate(channel, "m", UNPRICED)) for each in surfaces] for channel in (at_home, at_router)]

    assert [[False, False, True, False], [True, True, True, True]] == served


def test_a_channel_test_asks_perplexity_by_what_it_has() -> None:
    at_home = attrs.evolve(CHANNEL, provider="perplexity", base_url=PROVIDERS["perplexity"].base_url)
    lane = Lane(Candidate(at_home, "perplexity/sonar", UNPRICED), NO_KEY, "")

    sent = asking(lane, AttemptContext("probe", ManualClock())).send()

    assert "https://api.perplexity.ai/v1/responses" == sent.url
    assert isinstance(sent.body, bytes)
    assert {"model": "perplexity/sonar", "input": "Hi"}.items() <= msgspec.json.decode(sent.body).items()


@pytest.mark.parametrize(
    ("provider", "base_url", "url"),
    [
        ("openai", "https://api.openai.com/v1/", "https://api.openai.com/v1/models"),
        ("cohere", "https://api.cohere.ai/compatibility/v1", "https://api.cohere.ai/v1/models?page_size=1000"),
        (
            "cloudflare",
            "https://api.cloudflare.com/client/v4/accounts/0a1b/ai/v1",
            "https://api.cloudflare.com/client/v4/accounts/0a1b/ai/models/search?per_page=1000",
        ),
    ],
)
def test_a_model_list_may_stand_beside_the_base_url(provider: str, base_url: str, url: str) -> None:
    assert url == list_url(PROVIDERS[provider], base_url)


def test_cohere_is_asked_for_no_effort_that_it_does_not_take() -> None:
    """docs.cohere.com, "Using Cohere models via the OpenAI SDK": none and high are all."""

    def effort(value: str) -> object:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": value, "n": 1}
        request = parse_chat(msgspec.json.encode(body))
        sent = msgspec.json.decode(upstream_body(request, "command-a-03-2025", PROVIDERS["cohere"].quirks))
        assert "n" not in sent
        return sent.get("reasoning_effort")

    assert ["none", None, "high"] == [effort(value) for value in ("none", "low", "high")]


def test_key_is_sent_as_bearer() -> None:
    assert [(b"authorization", b"Bearer sk-1")] == PROVIDERS["openai"].key_headers("sk-1")


def test_local_server_is_asked_without_a_key() -> None:
    assert [] == PROVIDERS["ollama"].key_headers(None)


def test_anthropic_list_is_asked_the_native_way() -> None:
    sent = [(b"x-api-key", b"sk-1"), (b"anthropic-version", b"2023-06-01")]
    assert sent == PROVIDERS["anthropic"].list_headers("sk-1")


@pytest.mark.parametrize(
    ("ref", "key"),
    [
        ("sk-typed", "sk-typed"),
        ("env:SET", "sk-from-env"),
        ("env:UNSET", None),
        ("env:EMPTY", None),
        ("", None),
        (" sk-pasted\n", "sk-pasted"),
    ],
)
def test_key_is_what_its_reference_names(ref: str, key: str | None) -> None:
    assert key == resolve(Secret(ref), {"SET": "sk-from-env\n", "EMPTY": " "})


def test_changed_variable_is_seen_at_the_next_use() -> None:
    environ = {"KEY": "old"}
    resolve(Secret("env:KEY"), environ)
    environ["KEY"] = "new"
    assert "new" == resolve(Secret("env:KEY"), environ)


def test_nobody_is_billed_by_the_demo_or_a_server_of_ones_own() -> None:
    free = [provider.name for provider in PROVIDERS.values() if provider.free]
    assert ["ollama", "lmstudio", "vllm", "llamacpp", "jan", "demo"] == free


def test_only_what_speaks_chat_has_quirks_of_chat() -> None:
    others = [provider for provider in PROVIDERS.values() if provider.wire != "chat"]
    assert ["anthropic", "gemini", "vertex"] == [provider.name for provider in others]
    assert all(provider.quirks == DEFAULT for provider in others)


@pytest.mark.parametrize(
    ("upstream_model", "wire"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic"),
        ("anthropic.claude-opus-4-6-v1", "anthropic"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-6", "anthropic"),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3", "anthropic"),
        ("arn:aws-cn:bedrock:cn-north-1:123456789012:provisioned-model/x1", "anthropic"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0", "chat"),
        ("openai.gpt-oss-120b-1:0", "chat"),
        ("qwen.qwen3-32b-v1:0", "chat"),
    ],
)
def test_a_clouds_claude_is_told_by_its_id(upstream_model: str, wire: str) -> None:
    assert wire == PROVIDERS["bedrock"].wire_for(upstream_model)


def test_a_model_has_its_providers_wire_where_that_is_no_cloud() -> None:
    assert "chat" == PROVIDERS["openrouter"].wire_for("anthropic/claude-opus-4.6")


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.deepseek.com/v1", "deepseek"),
        ("https://API.mistral.ai/v1", "mistral"),
        ("https://api.openai.com/v1/", "openai"),
        ("https://api.openai.com/v1", "openai"),
    ],
)
def test_a_server_has_its_own_quirks_whatever_its_channel_is_called(base_url: str, provider: str) -> None:
    """Groq as a channel of type `openai` is as strict as Groq."""
    assert PROVIDERS[provider].quirks == quirks_at(PROVIDERS["openai"], base_url)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000/v1", "https://gateway.example/v1", "nonsense", ""])
def test_a_server_that_nobody_knows_gets_back_what_its_models_thought(base_url: str) -> None:
    quirks = quirks_at(PROVIDERS["openai"], base_url)

    assert PROVIDERS["openai"].quirks_elsewhere == quirks
    assert not quirks.drop_inside & ALL_REASONING


@pytest.mark.parametrize("provider", ["vercel", "openai"])
def test_vercels_gateway_is_told_all_that_a_model_behind_it_may_read(provider: str) -> None:
    """Claude behind it has caches, and takes back what it thought; it refuses neither spelling of the limit."""
    marked = {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}
    thought = [{"type": "reasoning.text", "format": "anthropic-claude-v1", "text": "Hm", "signature": "c2ln"}]
    said = {
        "model": "anthropic/claude-sonnet-4.5",
        "messages": [
            {"role": "system", "content": [marked]},
            {"role": "assistant", "content": "Yes", "reasoning": "Hm", "reasoning_details": thought},
        ],
        "max_tokens": 5,
    }
    request = parse_chat(msgspec.json.encode(said))
    quirks = quirks_at(PROVIDERS[provider], "https://ai-gateway.vercel.sh/v1")

    assert said == msgspec.json.decode(upstream_body(request, "anthropic/claude-sonnet-4.5", quirks))
    assert quirks.cache_marks
