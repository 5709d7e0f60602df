"""Passes an opened answer on to the client, and has it booked before its last byte leaves."""

from __future__ import annotations

from aihub_lite.domain.usage import Outcome, Usage, UsageSource
from aihub_lite.errors import GatewayError, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.client.exchange import Exchange, headers_of
from aihub_lite.gateway.line.charging import metered_usage
from aihub_lite.gateway.line.drift import drift_of
from aihub_lite.gateway.line.streaming import STREAM_FAULTS, StreamedAnswer
from aihub_lite.gateway.routing.classify import scrubbed
from aihub_lite.gateway.state.ledger import Hold
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.protocols import Answer, Metered


async def relay(
    answer: StreamedAnswer | Answer, exchange: Exchange, hold: Hold, chat: ChatRequest | None = None
) -> None:
    """Pass an answer on; raises an UpstreamFault when the upstream breaks off. `chat`: the request, if it is one."""
    if isinstance(answer, StreamedAnswer):
        await relay_stream(answer, exchange, hold, chat)
    else:
        await relay_whole(answer, exchange, hold, chat)


async def relay_whole(answer: Answer, exchange: Exchange, hold: Hold, chat: ChatRequest | None) -> None:
    """Book an answer that is not streamed, then send it."""
    usage, source = measured(answer, hold, chat)
    hold.flight.first_byte = hold.ledger.clock.monotonic()
    await hold.settle(_outcome(exchange), usage=usage, source=source)
    # A transcript that was asked for as a stream: keep-alives may have begun one while its document was made.
    if exchange.head_sent:
        await exchange.finish(answer.body)
    else:
        await exchange.answer(200, headers_of(answer.content_type), answer.body)


async def relay_stream(answer: StreamedAnswer, exchange: Exchange, hold: Hold, chat: ChatRequest | None) -> None:
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
            while (events := await answer.next_events(deadline)) is not None:
                if events:
                    await exchange.write(b"".join(events))
    except STREAM_FAULTS as error:
        if not answer.stream.complete:
            raise scrubbed(stream_failure(error), answer.secret) from error
    if not answer.stream.complete:
        raise UpstreamBroken("The upstream broke off before the end of its answer.")
    usage, source = measured(answer.stream, hold, chat)
    answer.stream.usage = usage
    await hold.settle(_outcome(exchange), usage=usage, source=source)
    await exchange.finish(b"".join(answer.stream.end()))


def measured(answer: Metered, hold: Hold, chat: ChatRequest | None) -> tuple[Usage, UsageSource]:
    """What an answer that came to its end is booked at, as `metered_usage` has it; its drift is kept with the rest."""
    usage, source = metered_usage(hold.sent_prompt, answer)
    candidate = hold.flight.candidate
    if source == "upstream" and candidate is not None:
        hold.flight.drift = drift_of(usage, answer.written, chat, candidate.upstream_model)
    return usage, source


def _outcome(exchange: Exchange) -> Outcome:
    """Of an answer that came whole: its client may have left while it was waited for."""
    if exchange.gone:
        return "client_gone"
    return "ok"


def stream_failure(error: Exception) -> GatewayError:
    """What the client is told when a stream under way fails with one of STREAM_FAULTS."""
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
