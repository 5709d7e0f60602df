"""Passes an opened answer on to the client, and has it booked before its last byte leaves."""

from __future__ import annotations

from aihub_lite.domain.usage import Usage, UsageSource
from aihub_lite.errors import GatewayError, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.charging import metered
from aihub_lite.gateway.exchange import JSON_HEADERS, Exchange
from aihub_lite.gateway.ledger import Hold
from aihub_lite.gateway.streaming import BROKEN, Streaming
from aihub_lite.wire.chat_answer import ChatAnswer
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import StreamError


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
    try:
        async with answer.clock() as deadline:
            while (events := await answer.more(deadline)) is not None:
                if events:
                    await exchange.write(b"".join(events))
    except BROKEN as error:
        if answer.chat.finish_reason is None:
            raise broken_off(error) from error
    if answer.chat.finish_reason is None:
        raise UpstreamBroken("The upstream broke off before the end of its answer.")
    usage, source = metered(asked, answer.chat)
    answer.chat.usage = usage
    await hold.settle("client_gone" if exchange.gone else "ok", usage=usage, source=source)
    await exchange.finish(b"".join(answer.chat.end()))


def broken_off(error: Exception) -> GatewayError:
    """What the client is told of whatever an upstream does to a stream under way."""
    if isinstance(error, TimeoutError):
        return UpstreamTimeout("The upstream fell silent in the middle of its answer.")
    if isinstance(error, StreamError):
        return _reported(error)
    return UpstreamBroken("The upstream broke off before the end of its answer.")


def _reported(error: StreamError) -> GatewayError:
    """An error that the upstream reported itself: its text is shown where the client is at fault."""
    if error.kind == "client":
        return UpstreamRejected(400, error.code, error.message)
    return UpstreamBroken("The upstream reported an error in the middle of its answer.")
