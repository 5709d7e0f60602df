"""What clients of OpenAI Responses ask besides answers: what was answered before, which nobody here remembers."""

from __future__ import annotations

import attrs

from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.responses import RESPONSES

ROOT = "/v1/responses"


@attrs.frozen
class ResponsesEndpoints:
    """Each is a Serve of its own path."""

    gateway: Gateway

    async def responses(self, exchange: Exchange) -> None:
        """Along the line."""
        await self.gateway.line.serve(exchange, RESPONSES)

    async def stored(self, exchange: Exchange) -> None:
        """One response, its input items, what cancels it: raises NotFound, for whoever has a key."""
        self.gateway.line.authenticate(exchange)
        raise NotFound("Responses are not stored here: only POST /v1/responses is served.")
