"""Models with a price, at one channel or at two."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.gateway import Gateway, unique

Serve = Callable[..., str]


@pytest.fixture
def serve(gateway: Gateway) -> Serve:
    """`serve(url, …)` gives a priced model whose channels are these base URLs, the first one preferred."""

    def served(*base_urls: str) -> str:
        model = unique("model")
        for place, base_url in enumerate(base_urls):
            gateway.add_channel(base_url, model, name=f"{model}-{'abc'[place]}", priority=10 - place)
        gateway.set_price(model)
        return model

    return served
