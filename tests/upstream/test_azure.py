"""What people copy from Azure's portal, and what becomes of it."""

from __future__ import annotations

import msgspec
import pytest

from aihub_lite.upstream.providers import PROVIDERS, quirks_at
from aihub_lite.wire.chat.request import parse_chat, upstream_body

AZURE = PROVIDERS["azure"]
HOST = "https://our.openai.azure.com"


@pytest.mark.parametrize(
    ("copied", "base_url"),
    [
        (HOST, f"{HOST}/openai/v1"),
        (f"{HOST}/", f"{HOST}/openai/v1"),
        (f"{HOST}/openai/v1/", f"{HOST}/openai/v1"),
        (f"{HOST}/openai/v1/chat/completions", f"{HOST}/openai/v1"),
        (f"{HOST}/openai/v1/responses?api-version=preview", f"{HOST}/openai/v1?api-version=preview"),
        (f"{HOST}?api-version=2024-10-21", f"{HOST}/openai?api-version=2024-10-21"),
        (f"{HOST}/openai?api-version=2024-10-21", f"{HOST}/openai?api-version=2024-10-21"),
        (
            f"{HOST}/openai/deployments/our/chat/completions?api-version=2024-10-21",
            f"{HOST}/openai?api-version=2024-10-21",
        ),
        ("https://our.services.ai.azure.com/", "https://our.services.ai.azure.com/openai/v1"),
        ("https://apim.example/team/llm", "https://apim.example/team/llm"),
        ("nonsense", "nonsense"),
        ("https://[half", "https://[half"),
        ("", ""),
    ],
)
def test_a_base_url_is_found_in_what_somebody_copied(copied: str, base_url: str) -> None:
    assert base_url == AZURE.base_url_of(copied)
    assert base_url == AZURE.base_url_of(base_url)


@pytest.mark.parametrize("copied", ["", HOST, f"{HOST}/openai/v1/chat/completions"])
def test_others_addresses_are_left_alone(copied: str) -> None:
    assert copied == PROVIDERS["openai"].base_url_of(copied)


@pytest.mark.parametrize(
    ("base_url", "path", "url"),
    [
        (f"{HOST}/openai/v1", "/embeddings", f"{HOST}/openai/v1/embeddings"),
        (f"{HOST}/openai/v1?api-version=preview", "/embeddings", f"{HOST}/openai/v1/embeddings?api-version=preview"),
        (f"{HOST}/openai?api-version=1", "/embeddings", f"{HOST}/openai/deployments/d/embeddings?api-version=1"),
        (f"{HOST}/openai?api-version=1", "/responses", f"{HOST}/openai/responses?api-version=1"),
    ],
)
def test_an_endpoint_stands_where_its_api_has_it(base_url: str, path: str, url: str) -> None:
    assert url == AZURE.url(base_url, path, "d")


def test_a_deployments_name_cannot_lead_anywhere_else() -> None:
    url = AZURE.url(f"{HOST}/openai?api-version=1", "/embeddings", "../../x?a#b")
    assert f"{HOST}/openai/deployments/..%2F..%2Fx%3Fa%23b/embeddings?api-version=1" == url


@pytest.mark.parametrize(
    ("endpoint", "base_url"),
    [(f"{HOST}/", f"{HOST}/openai/v1"), (f"{HOST}/openai/v1/", f"{HOST}/openai/v1"), ("", "")],
)
def test_the_endpoint_in_the_environment_is_the_address(endpoint: str, base_url: str) -> None:
    assert base_url == AZURE.address({"AZURE_OPENAI_ENDPOINT": endpoint})


@pytest.mark.parametrize(
    ("base_url", "kept"),
    [
        (f"{HOST}/openai/v1", True),
        (f"{HOST}/openai/v1?api-version=preview", True),
        (f"{HOST}/openai?api-version=2024-10-21", False),
    ],
)
def test_a_dated_version_is_not_told_what_is_newer_than_it(base_url: str, kept: bool) -> None:
    """Azure answers 400 to arguments that a version does not know."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "prompt_cache_key": "k"}
    request = parse_chat(msgspec.json.encode(body))

    sent = msgspec.json.decode(upstream_body(request, "gpt-4o", quirks_at(AZURE, base_url)))

    assert kept == ("prompt_cache_key" in sent)
