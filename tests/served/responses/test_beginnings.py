"""Answers whose first pieces say nothing to this client: the response begins once all the same, and before all else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.responses import TEXT, asking, native_events, native_stream, read, text_of
from tests.responses.conftest import NATIVE, Serve
from tests.support.answers import chat_chunks, sse
from tests.support.gateway import Gateway
from tests.support.process import SCALED
from tests.support.scripted import Upstream
from tests.support.steps import Pause

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


def test_a_response_goes_on_before_it_was_created(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(silent_first(), SILENCE, *CHUNKS[1:])
    with asking(gateway, serve(upstream.url)) as reading:
        checked = read(reading)
    assert (TEXT, 1) == (text_of(checked.response), checked.kinds.count("response.created"))
    assert checked.kinds.count("response.in_progress") >= 2


def test_a_response_fails_that_was_never_created(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(silent_first(), {"error": {"message": "broken", "code": 500}})
    with asking(gateway, serve(upstream.url)) as reading:
        checked = read(reading)
    # Whether the fault comes with the first piece, and is then tried again, is the network's to say.
    told = [kind for kind in checked.kinds if kind != "response.in_progress"]
    assert ["response.created", "response.failed"] == told


def test_an_attempt_that_began_and_failed_silences_the_next(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """What the first upstream began was never sent, so nothing has to wait for it any longer."""
    upstream.default = [SILENCE, SILENCE, *sse(*CHUNKS)]
    begun = native_stream(*native_events()[:3], {"type": "error", "code": "server_error", "message": "broken"})
    with Upstream(begun) as broken, asking(gateway, serve((NATIVE, broken.url), upstream.url)) as reading:
        checked = read(reading)
    assert (TEXT, 1) == (text_of(checked.response), checked.kinds.count("response.created"))
    assert checked.kinds.count("response.in_progress") >= 3
