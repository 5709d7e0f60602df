"""Models with a price, at one channel or at several."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.gateway import Gateway, unique

Serve = Callable[..., str]


@pytest.fixture
def serve(gateway: Gateway) -> Serve:
    """`serve(url, …)` gives a model whose channels are these base URLs, the first one preferred.

    10 and 20 USD per million tokens, unless `price` says otherwise.
    """

    def served(*base_urls: str, price: dict[str, str] | None = None, **fields: object) -> str:
        model = unique("model")
        for place, base_url in enumerate(base_urls):
            gateway.add_channel(base_url, model, name=f"{model}-{'abc'[place]}", priority=10 - place, **fields)
        answer = gateway.admin("POST", "/prices", {"model": model, **(price or {"input": "10", "output": "20"})})
        assert 200 == answer.status, answer.body
        return model

    return served
