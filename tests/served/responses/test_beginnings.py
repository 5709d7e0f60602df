"""Answers whose first pieces say nothing to this client: the response begins once all the same, and before all else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.served.responses import TEXT, asking, native_events, native_stream, read, text_of
from tests.served.responses.conftest import NATIVE, Serve
from tests.support.checkers.responses import check_responses_stream
from tests.support.gateway import Gateway
from tests.support.process import SCALED
from tests.support.upstream.answers import chat_chunks, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Pause, Wait

SILENCE = Pause(0.4)
CHUNKS = chat_chunks(TEXT)
SIGNED = {"reasoning_details": [{"type": "reasoning.encrypted", "data": "c2VhbGVk", "format": "openai-responses-v1"}]}
"""Content for who keeps it; this client has not asked for what it cannot read."""


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """Signs of life are due within the silence, several times."""
    return {**SCALED, "keepalive_after": 0.1, "keepalive_event_after": 0.15, "first_byte_timeout": 5}


def silent_first() -> dict[str, object]:
    first = CHUNKS[0]
    return {**first, "choices": [{"index": 0, "delta": {"role": "assistant", **SIGNED}, "finish_reason": None}]}


def test_a_response_is_created_once_before_it_goes_on(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(silent_first(), SILENCE, *CHUNKS[1:])
    with asking(gateway, serve(upstream.url)) as reading:
        checked = read(reading)
    assert (TEXT, 1) == (text_of(checked.response), checked.kinds.count("response.created"))
    assert checked.kinds.count("response.in_progress") >= 2


def test_a_response_that_fails_was_created_first(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    broken = Gate("the upstream breaks")
    upstream.default = sse(silent_first(), Wait(broken), {"error": {"message": "broken", "code": 500}})
    with asking(gateway, serve(upstream.url)) as reading:
        # The fault only comes when the response has begun: as the first piece it would be another attempt's beginning.
        events = reading.events()
        begun = next(events)
        broken.open()
        checked = check_responses_stream(b"".join(event.data for event in (begun, *events)))
    kinds = [kind for kind in checked.kinds if kind != "response.in_progress"]
    assert ["response.created", "response.failed"] == kinds


def test_an_attempt_that_began_and_failed_leaves_the_next_its_signs_of_life(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """What the first upstream began was never sent, so nothing has to wait for it any longer."""
    upstream.default = [SILENCE, SILENCE, *sse(*CHUNKS)]
    begun = native_stream(*native_events()[:3], {"type": "error", "code": "server_error", "message": "broken"})
    with Upstream(begun) as broken, asking(gateway, serve((NATIVE, broken.url), upstream.url)) as reading:
        checked = read(reading)
    assert (TEXT, 1) == (text_of(checked.response), checked.kinds.count("response.created"))
    assert checked.kinds.count("response.in_progress") >= 3
