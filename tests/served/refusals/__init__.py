"""What clients make of a refusal: whether they ask again, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.gateway import CHAT

HELLO = {"role": "user", "content": "hello"}
BODIES: Mapping[str, dict[str, Any]] = {
    CHAT: {"messages": [HELLO]},
    "/v1/messages": {"messages": [HELLO], "max_tokens": 9},
    "/v1/responses": {"input": "hello"},
    "/v1/embeddings": {"input": "hello"},
    "/v1/images/generations": {"prompt": "a cat"},
}
each_surface = pytest.mark.parametrize("path", BODIES)
