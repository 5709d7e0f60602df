"""A project at a scripted Vertex: a token endpoint, the models, and channels that reach both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from tests.support.gateway import Gateway, unique
from tests.support.upstream.claude import sdk_problems
from tests.support.upstream.google import PROJECT, TokenEndpoint, service_account, vertex
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.wire.gemini.sdk import check_request

GEMINI = "gemini-2.5-flash"
CLAUDE = "claude-sonnet-4-6"
REGION = "europe-west4"
PLACE = f"/projects/{PROJECT}/locations/{REGION}"


@attrs.define
class Project:
    """A project at Vertex, and a gateway that may use it."""

    gateway: Gateway
    models: Upstream
    """Answers as Vertex."""
    tokens: TokenEndpoint
    endpoint: Upstream
    """Answers as Google's token endpoint."""

    @property
    def base_url(self) -> str:
        return self.models.url + PLACE

    def key(self, **fields: str) -> str:
        """The key of its service account, as Google's file has it."""
        return json.dumps({**service_account(self.tokens.uri), **fields}, indent=2)

    def add_channel(self, model: str, **fields: Any) -> str:
        """A channel with one model; returns the model's public id."""
        public = unique("model")
        body = {"provider": "vertex", "keys": [self.key()], "models": [f"{public}={model}"], **fields}
        self.gateway.add_channel(self.base_url, public, **body)
        # In logs the parts of a key file must not be seen either.
        self.gateway.secrets += ["ya29.", "BEGIN PRIVATE KEY"]
        return public

    def last(self) -> Request:
        """What Vertex was asked last."""
        return self.models.chats[-1]

    def price(self, model: str) -> None:
        self.gateway.set_price(model)


@pytest.fixture
def project(gateway: Gateway, upstream: Upstream) -> Iterator[Project]:
    upstream.default = vertex
    tokens = TokenEndpoint()
    with Upstream(tokens) as endpoint:
        tokens.uri = f"http://127.0.0.1:{endpoint.port}/token"
        yield Project(gateway, upstream, tokens, endpoint)
    for request in upstream.chats:
        check_sent(request)


def check_sent(request: Request) -> None:
    """Holds what the gateway sent against the official SDKs' own request types."""
    body = request.json()
    if "enerateContent" in request.path:
        check_request(body)
    elif "awPredict" in request.path:
        assert "vertex-2023-10-16" == body.pop("anthropic_version")
        assert [] == sdk_problems({**body, "model": "in the path"})


@pytest.fixture
def spare(gateway: Gateway) -> Iterator[Upstream]:
    """A healthy upstream elsewhere."""
    with Upstream() as running_upstream:
        yield running_upstream
