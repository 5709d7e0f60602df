"""Models at upstreams that speak chat or Anthropic's own."""

from __future__ import annotations

import pytest

from tests.served.messages import healthy
from tests.support.served import Serve, serve
from tests.support.upstream.scripted import Upstream

__all__ = ["Serve", "claude", "serve"]


@pytest.fixture
def claude(upstream: Upstream) -> Upstream:
    """The test's upstream as Anthropic."""
    upstream.default = healthy
    return upstream
