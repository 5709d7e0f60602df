"""Passes an opened answer on to the client, and has it booked before its last byte leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aihub_lite.domain.usage import Usage, UsageSource
from aihub_lite.errors import GatewayError, UpstreamBroken, UpstreamTimeout
from aihub_lite.gateway.charging import metered
from aihub_lite.gateway.exchange import JSON_HEADERS, Exchange
from aihub_lite.gateway.ledger import Hold
from aihub_lite.gateway.streaming import Streaming
from aihub_lite.upstream.faults import TransportFault
from aihub_lite.wire.chat_answer import ChatAnswer
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import StreamError, WireFault
from aihub_lite.wire.sse import EventTooLarge


async def relay(answer: Streaming | ChatAnswer, asked: ChatRequest, exchange: Exchange, hold: Hold) -> None:
    """Pass an answer on; raises an UpstreamFault when the upstream breaks off."""
    if isinstance(answer, Streaming):
        await relay_stream(answer, asked, exchange, hold)
    else:
        await relay_whole(answer, asked, exchange, hold)


async def relay_whole(answer: ChatAnswer, asked: ChatRequest, exchange: Exchange, hold: Hold) -> None:
    """Book an answer that is not streamed, then send it."""
    usage, source = _usage_of(answer, asked)
    hold.flight.first_byte = hold.ledger.clock.monotonic()
    await hold.settle("client_gone" if exchange.gone else "ok", usage=usage, source=source)
    await exchange.answer(200, JSON_HEADERS, answer.body)


def _usage_of(answer: ChatAnswer, asked: ChatRequest) -> tuple[Usage, UsageSource]:
    if answer.usage is not None:
        return answer.usage, "upstream"
    return Usage(asked.prompt_estimate, tokens_in(answer.text_bytes)), "estimated"


async def relay_stream(answer: Streaming, asked: ChatRequest, exchange: Exchange, hold: Hold) -> None:
    """Pass a stream on, one chunk in flight, then book it, then send its end.

    Raises an UpstreamFault when the upstream breaks off: what was relayed stays relayed.
    """
    await hold.durable
    await exchange.start_stream()
    hold.flight.relayed = answer.chat
    hold.flight.first_byte = hold.ledger.clock.monotonic()
    await exchange.write(b"".join(answer.ready))
    async with unbroken():
        async for events in answer.pieces():
            if events:
                await exchange.write(b"".join(events))
    if answer.chat.finish_reason is None:
        raise UpstreamBroken("The upstream broke off before the end of its answer.")
    usage, source = metered(asked, answer.chat)
    answer.chat.usage = usage
    await hold.settle("client_gone" if exchange.gone else "ok", usage=usage, source=source)
    await exchange.finish(b"".join(answer.chat.end()))


@asynccontextmanager
async def unbroken() -> AsyncIterator[None]:
    """Turns whatever an upstream does to a stream under way into the error the client is told."""
    try:
        yield
    except TimeoutError:
        raise UpstreamTimeout("The upstream fell silent in the middle of its answer.") from None
    except StreamError as error:
        raise _reported(error) from error
    except (TransportFault, WireFault, EventTooLarge) as error:
        raise UpstreamBroken("The upstream broke off before the end of its answer.") from error


def _reported(error: StreamError) -> GatewayError:
    """An error that the upstream reported itself: its text is shown where the client is at fault."""
    if error.kind == "client":
        reported = UpstreamBroken(error.message)
        reported.code = error.code
        return reported
    return UpstreamBroken("The upstream reported an error in the middle of its answer.")
