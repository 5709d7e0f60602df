"""Models at upstreams that speak chat or the Responses API themselves."""

from __future__ import annotations

import pytest

from tests.served.responses import healthy
from tests.support.served import Serve, serve
from tests.support.upstream.scripted import Upstream

__all__ = ["NATIVE", "Serve", "native", "serve"]
NATIVE = "openrouter"
"""A provider with this API at any address."""


@pytest.fixture
def native(upstream: Upstream) -> Upstream:
    """The test's upstream as one that speaks this API."""
    upstream.default = healthy
    return upstream
