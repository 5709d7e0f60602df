"""Why a request failed, as its record keeps it: the sentence that the client got, and the upstream's own code."""

from __future__ import annotations

import asyncio

from aihub_lite.errors import GatewayError, UpstreamRejected
from aihub_lite.gateway.refusals.echoes import without_echoes
from aihub_lite.gateway.refusals.texts import kept_code, kept_text
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.wire.client_error import message_of
from aihub_lite.wire.protocols import Request

IN_THE_MIDDLE = "The upstream reported an error in the middle of its answer."
"""In place of what it said then, which may repeat what it had answered."""


async def explain(flight: Flight, error: GatewayError, request: Request, *, large: bool) -> str:
    """Leave the reason in a request's flight; returns the code that is kept of it.

    What an upstream says is looked through for what it repeats of the request, of a `large` one beside the loop. Ours
    says nothing of that kind.
    """
    text = message_of(error)
    if not isinstance(error, UpstreamRejected):
        flight.error_text = kept_text(text)
        if flight.attempts:
            flight.upstream_code = flight.attempts[-1].code
        return error.recorded_code
    code = ""
    if error.code is not None:
        code = str(error.code)
    if flight.relayed is not None:
        text = IN_THE_MIDDLE
    if large:
        text, code = await asyncio.to_thread(_own_words, text, code, request)
    else:
        text, code = _own_words(text, code, request)
    flight.error_text = kept_text(text)
    flight.upstream_code = kept_code(code)
    return flight.upstream_code or error.recorded_code


def _own_words(text: str, code: str, request: Request) -> tuple[str, str]:
    """Both without what they repeat of a request."""
    return without_echoes(text, request.texts()), without_echoes(code, request.texts())
