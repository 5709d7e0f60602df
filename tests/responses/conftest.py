"""Models with a price, at upstreams that speak chat or the Responses API themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.responses import healthy
from tests.support.gateway import Gateway, unique
from tests.support.scripted import Upstream

Serve = Callable[..., str]
NATIVE = "openrouter"
"""A provider with this API at any address."""


@pytest.fixture
def serve(gateway: Gateway) -> Serve:
    """`serve(url, …)` gives a model whose channels are these base URLs, the first one preferred; 10 and 20 USD per
    million tokens. A pair of provider and base URL is a channel of that type."""

    def served(*upstreams: str | tuple[str, str], upstream_model: str = "upstream-model") -> str:
        model = unique("model")
        for place, each in enumerate(upstreams):
            provider, url = ("openai", each) if isinstance(each, str) else each
            names = {"name": f"{model}-{'abc'[place]}", "provider": provider, "models": [f"{model}={upstream_model}"]}
            gateway.add_channel(url, model, priority=10 - place, **names)
        gateway.set_price(model)
        return model

    return served


@pytest.fixture
def native(upstream: Upstream) -> Upstream:
    """The test's upstream as one that speaks this API."""
    upstream.default = healthy
    return upstream
