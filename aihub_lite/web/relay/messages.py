"""`/v1/messages` and what Anthropic's clients call besides: the count of tokens, telemetry and a sign of life."""

from __future__ import annotations

import attrs

from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.relay.replies import send_json
from aihub_lite.wire.anthropic.surface.errors import MessagesErrors
from aihub_lite.wire.anthropic.surface.request import parse_count_request

ERRORS = MessagesErrors()
"""For a refusal before `prepare` has put the request's id into the shape: a wrong method."""
TELEMETRY_BYTES = 1024 * 1024
"""Limit of a telemetry body, above what clients send at once: it is read without a key."""


@attrs.frozen
class MessagesEndpoints:
    """Each method serves a path of its own."""

    gateway: Gateway

    async def messages(self, exchange: Exchange) -> None:
        """`POST /v1/messages` (RULES.md C-25)."""
        prepare(exchange)
        await self.gateway.line.serve(exchange, MESSAGES)

    async def count_tokens(self, exchange: Exchange) -> None:
        """`{"input_tokens": N}`, by our own count: no upstream is asked, nothing is recorded and it costs nothing."""
        prepare(exchange)
        line = self.gateway.line
        settings = self.gateway.settings
        token = line.authenticate(exchange)
        line.check_pause(token)
        line.limit(token, exchange)
        with line.flights.slot():
            body = await exchange.body(settings.max_body_bytes, settings.body_timeout)
            request = await line.parsing.parsed(parse_count_request, body, exchange.received, token.id)
        exchange.model = request.model
        line.resolve(request.model, token, MESSAGES, exchange)
        await send_json(exchange, {"input_tokens": request.prompt_estimate})

    async def event_logging(self, exchange: Exchange) -> None:
        """Claude Code's telemetry: read, forgotten and answered."""
        await exchange.read_body(TELEMETRY_BYTES, self.gateway.settings.body_timeout, lambda _: None)
        await send_json(exchange, {})


async def hello(exchange: Exchange) -> None:
    """`/api/hello`, by which Claude Code finds out, without a key, whether the gateway is there (RULES.md C-25)."""
    await send_json(exchange, {})


def prepare(exchange: Exchange) -> None:
    """Put the request's id where Anthropic's clients look for it: a header of their own, and the body of an error."""
    exchange.extra_headers.append((b"request-id", exchange.request_id.encode()))
    exchange.errors = MessagesErrors(exchange.request_id)
