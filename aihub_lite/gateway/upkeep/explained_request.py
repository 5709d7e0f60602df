"""The request that a route is explained for: one that is given, or one of usual size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.gateway.adapters.passthrough import PassedSurface
from aihub_lite.gateway.adapters.samples import CHAT_PATH, request_at, surface_at
from aihub_lite.gateway.adapters.surface import Serving
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonView
from aihub_lite.wire.protocols import Request

__all__ = ["CHAT_PATH", "AssumedRequest", "Sample", "sample_of"]
ASSUMED_PROMPT = 1000
"""Tokens: no request is there to be estimated."""


@attrs.frozen
class AssumedRequest:
    """What costs are worked out for where no request is there: a stream of usual size."""

    model: str
    stream: bool = True
    events: bool = True
    prompt_estimate: int = ASSUMED_PROMPT
    n: int = 1
    max_tokens: int | None = None
    tier: str = ""

    @property
    def posted(self) -> JsonView:
        """Nothing: nobody posted it."""
        return {}

    def usage(self, completion_tokens: int = 0) -> Usage:
        """The assumed prompt, with so many tokens written."""
        return Usage(self.prompt_estimate, completion_tokens)

    def hosted_at_most(self) -> None:
        """No tools."""

    def texts(self) -> Iterator[str]:
        """None: nobody has sent it."""
        return iter(())


@attrs.frozen
class Sample:
    """The request that a route is explained for."""

    request: Request
    surface: Serving
    tags: frozenset[str] = frozenset()


class _Endpoint:
    """One for conversations, without one: which channel it sticks to, only that could say."""

    def __init__(self, surface: Serving) -> None:
        self.name = surface.name
        self.serves = surface.serves

    def chat(self, request: Request) -> None:
        """There is none."""


def sample_of(endpoint: str, body: dict[str, Any] | None, model: str, tags: Iterable[str] = ()) -> Sample:
    """The request that a client would post to an endpoint, or one of usual size; raises InvalidRequest."""
    surface = surface_at(endpoint)
    if body is None and isinstance(surface, PassedSurface):
        return Sample(AssumedRequest(model), surface, frozenset(tags))
    if body is None:
        return Sample(AssumedRequest(model), _Endpoint(surface), frozenset(tags))
    return Sample(request_at(endpoint, encode(body)), surface, frozenset(tags))
