"""Presets, and how keys reach them."""

from __future__ import annotations

import httpx
import pytest

from aihub_lite.domain.channel import Secret
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.providers import PROVIDERS, Provider


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: str(provider.name))
def test_base_url_can_be_joined_with_an_endpoint(provider: Provider) -> None:
    url = httpx.URL(provider.base_url)
    assert url.host
    assert not provider.base_url.endswith("/")
    assert url.scheme in ({"http"} if provider.local else {"https", "demo"})


def test_no_two_providers_share_an_environment_variable() -> None:
    names = [provider.env for provider in PROVIDERS.values() if provider.env]
    assert len(set(names)) == len(names)


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
