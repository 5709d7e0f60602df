"""A gateway with channels at a scripted Bedrock."""

from __future__ import annotations

import pytest

from tests.served.bedrock import Bedrock
from tests.support.served import Serve, serve
from tests.support.upstream.scripted import Upstream

__all__ = ["Serve", "bedrock", "serve"]


@pytest.fixture
def bedrock(upstream: Upstream) -> Upstream:
    """The test's upstream as Bedrock."""
    upstream.default = Bedrock()
    return upstream
