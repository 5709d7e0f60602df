"""What clients of Anthropic Messages ask besides messages: how many tokens there are, and whether anybody is there."""

from __future__ import annotations

import attrs

from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.messages import MESSAGES
from aihub_lite.web.replies import send_json
from aihub_lite.wire.messages_asked import counted
from aihub_lite.wire.messages_errors import MessagesErrors

ERRORS = MessagesErrors()
"""For what goes wrong before a request has begun."""
TELEMETRY_BYTES = 1024 * 1024
"""More than a client ever says of itself in one request."""


@attrs.frozen
class MessagesEndpoints:
    """Each is a Serve of its own path."""

    gateway: Gateway

    async def messages(self, exchange: Exchange) -> None:
        """Along the line."""
        named(exchange)
        await self.gateway.line.serve(exchange, MESSAGES)

    async def count_tokens(self, exchange: Exchange) -> None:
        """`{"input_tokens": N}`, by our own count: no upstream is asked, nothing is recorded and it costs nothing."""
        named(exchange)
        line, settings = self.gateway.line, self.gateway.settings
        token = line.authenticate(exchange)
        line.limit(token, exchange)
        with line.flights.place():
            asked = counted(await exchange.body(settings.max_body_bytes, settings.body_timeout))
        line.resolve(asked.model, token)
        await send_json(exchange, {"input_tokens": asked.prompt_estimate})

    async def event_logging(self, exchange: Exchange) -> None:
        """What Claude Code tells of itself is read and forgotten."""
        await exchange.body(TELEMETRY_BYTES, self.gateway.settings.body_timeout, lambda _: None)
        await send_json(exchange, {})


async def hello(exchange: Exchange) -> None:
    """Claude Code asks whether anybody is there, without a key."""
    await send_json(exchange, {})


def named(exchange: Exchange) -> None:
    """Anthropic's clients look for the request's id in a header of theirs, and in errors."""
    exchange.extra_headers.append((b"request-id", exchange.request_id.encode()))
    exchange.errors = MessagesErrors(exchange.request_id)
