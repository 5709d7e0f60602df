"""Where Vertex AI's regions answer, and which models it lists."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from aihub_lite.config import Settings
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.discovery import DiscoveryFailed, list_models
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Transport
from aihub_lite.upstream.vertex import base_url_of, list_urls, place_of
from tests.support.upstream.answers import json_answer
from tests.support.upstream.google import TokenEndpoint, service_account
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

LISTED = {
    "google": ["gemini-2.5-pro", "imagen-4.0-generate-001", "text-embedding-005", "veo-3.0", "gemini-embedding-001"],
    "anthropic": ["claude-sonnet-4-5", "claude-opus-4-6"],
}


def models_at(base_url: str, key: str) -> tuple[str, ...]:
    async def main() -> tuple[str, ...]:
        async with Transport(Settings(data_dir=Path())) as transport:
            return await list_models(transport, PROVIDERS["vertex"], base_url, key)

    return asyncio.run(main())


def garden(request: Request) -> Script:
    """The lists of both publishers."""
    publisher = request.path.split("/")[3]
    models = [{"name": f"publishers/{publisher}/models/{name}", "versionId": "1"} for name in LISTED[publisher]]
    return json_answer(200, {"publisherModels": models})


@pytest.mark.parametrize("place", ["/v1/projects/p-1/locations/global", "/v1"])
def test_the_models_that_can_be_asked_are_listed_of_both_publishers(place: str) -> None:
    tokens = TokenEndpoint()
    with Upstream(tokens) as endpoint, Upstream(garden) as server:
        tokens.uri = f"http://127.0.0.1:{endpoint.port}/token"
        base_url = server.url.removesuffix("/v1") + place
        models = models_at(base_url, json.dumps(service_account(tokens.uri)))
        asked = [(request.path.partition("?")[0], request.header("authorization")) for request in server.requests]
    assert ("gemini-2.5-pro", "text-embedding-005", "gemini-embedding-001", *LISTED["anthropic"]) == models
    bearer = "Bearer ya29.token-1"
    assert [
        ("/v1beta1/publishers/google/models", bearer),
        ("/v1beta1/publishers/anthropic/models", bearer),
    ] == asked


def test_a_list_that_google_gives_no_token_for_is_not_there() -> None:
    tokens = TokenEndpoint()
    with Upstream(tokens) as endpoint, Upstream(garden) as server:
        tokens.uri = f"http://127.0.0.1:{endpoint.port}/token"
        key = json.dumps(service_account(tokens.uri) | {"client_email": "other@example.com"})
        with pytest.raises(DiscoveryFailed, match="no model list: Google refused the credentials: invalid_grant"):
            models_at(server.url, key)
        assert [] == server.requests


def test_an_answer_that_is_no_list_is_said_to_be_none() -> None:
    with Upstream(json_answer(200, [])) as server, pytest.raises(DiscoveryFailed, match="is the base URL right"):
        models_at(server.url, "AIza-1")


@pytest.mark.parametrize(
    ("project", "region"), [("", "global"), ("p/q", "global"), ("p-1", "Europe"), ("p-1", "a.b/c")]
)
def test_what_would_lead_a_key_elsewhere_is_no_place(project: str, region: str) -> None:
    with pytest.raises(InvalidRequest):
        base_url_of(project, region)


@pytest.mark.parametrize("project", ["some-project", "example.com:some-project", "123456789012"])
def test_a_base_url_names_its_place(project: str) -> None:
    assert (project, "us-east5") == place_of(base_url_of(project, "us-east5"))
    assert ("", "") == place_of(PROVIDERS["vertex"].base_url)


def test_a_proxys_path_before_the_version_stays_in_the_address_of_the_lists() -> None:
    urls = list_urls("https://proxy.example/google/v1/projects/p-1/locations/global")
    assert all(url.startswith("https://proxy.example/google/v1beta1/publishers/") for url in urls)
