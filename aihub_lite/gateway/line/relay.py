"""Passes an opened answer on to the client, and has it booked before its last byte leaves."""

from __future__ import annotations

from aihub_lite.errors import GatewayError, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.charging import metered
from aihub_lite.gateway.exchange import Exchange, headers_of
from aihub_lite.gateway.ledger import Hold
from aihub_lite.gateway.streaming import BROKEN, Streaming
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.shapes import Answer, Request


async def relay(answer: Streaming | Answer, asked: Request, exchange: Exchange, hold: Hold) -> None:
    """Pass an answer on; raises an UpstreamFault when the upstream breaks off."""
    if isinstance(answer, Streaming):
        await relay_stream(answer, asked, exchange, hold)
    else:
        await relay_whole(answer, asked, exchange, hold)


async def relay_whole(answer: Answer, asked: Request, exchange: Exchange, hold: Hold) -> None:
    """Book an answer that is not streamed, then send it."""
    usage, source = metered(asked, answer)
    hold.flight.first_byte = hold.ledger.clock.monotonic()
    await hold.settle("client_gone" if exchange.gone else "ok", usage=usage, source=source)
    if exchange.head_sent:  # it was asked for as a stream, and that was kept alive
        await exchange.finish(answer.body)
    else:
        await exchange.answer(200, headers_of(answer.content_type), answer.body)


async def relay_stream(answer: Streaming, asked: Request, exchange: Exchange, hold: Hold) -> None:
    """Pass a stream on, one chunk in flight, then book it, then send its end.

    Raises an UpstreamFault when the upstream breaks off: what was relayed stays relayed.
    """
    await hold.durable
    await exchange.start_stream(answer.head)
    hold.flight.relayed = answer.stream
    hold.flight.first_byte = hold.ledger.clock.monotonic()
    await exchange.write(b"".join(answer.ready))
    try:
        async with answer.clock() as deadline:
            while (events := await answer.more(deadline)) is not None:
                if events:
                    await exchange.write(b"".join(events))
    except BROKEN as error:
        if not answer.stream.complete:
            raise broken_off(error) from error
    if not answer.stream.complete:
        raise UpstreamBroken("The upstream broke off before the end of its answer.")
    usage, source = metered(asked, answer.stream)
    answer.stream.usage = usage
    await hold.settle("client_gone" if exchange.gone else "ok", usage=usage, source=source)
    await exchange.finish(b"".join(answer.stream.end()))


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
