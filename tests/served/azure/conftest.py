"""A gateway with channels at a scripted Azure."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from tests.served.azure import DEPLOYMENT, KEY, VERSION, Azure
from tests.support.gateway import Gateway, unique
from tests.support.upstream.scripted import Upstream

Serve = Callable[..., str]


@attrs.frozen
class Resource:
    """The test's upstream as a resource at Azure."""

    upstream: Upstream
    azure: Azure

    @property
    def endpoint(self) -> str:
        """Its address, as `AZURE_OPENAI_ENDPOINT` holds it."""
        return self.upstream.url.removesuffix("/v1")

    @property
    def dated(self) -> str:
        """The base URL of its older API."""
        return f"{self.endpoint}/openai?api-version={VERSION}"


@pytest.fixture
def resource(upstream: Upstream) -> Resource:
    azure = Azure()
    upstream.default = azure
    return Resource(upstream, azure)


@pytest.fixture
def serve(gateway: Gateway) -> Serve:
    """`serve(base_url)` gives a model of a channel there, with a price."""

    def served(base_url: str, key: str = KEY, upstream_model: str = DEPLOYMENT) -> str:
        model = unique("model")
        fields = {"provider": "azure", "keys": [key], "models": [f"{model}={upstream_model}"]}
        gateway.add_channel(base_url, model, name=model, **fields)
        gateway.set_price(model)
        return model

    return served
