"""Models with a price, for tests of a surface in front of upstreams of several kinds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.gateway import Gateway, unique

Serve = Callable[..., str]


@pytest.fixture
def serve(gateway: Gateway) -> Serve:
    """`serve(url, …)` gives a model whose channels are these base URLs, the first one preferred; 10 and 20 USD per
    million tokens. A pair of provider and base URL is a channel of that type."""

    def served(*upstreams: str | tuple[str, str], upstream_model: str = "upstream-model") -> str:
        model = unique("model")
        for place, upstream in enumerate(upstreams):
            provider, url = ("openai", upstream) if isinstance(upstream, str) else upstream
            names = {"name": f"{model}-{'abc'[place]}", "provider": provider, "models": [f"{model}={upstream_model}"]}
            gateway.add_channel(url, model, priority=10 - place, **names)
        gateway.set_price(model)
        return model

    return served
