"""Silence before and in an answer: pings, which say nothing and change nothing."""

from __future__ import annotations

from collections.abc import Mapping

import anthropic
import pytest

from tests.served.messages import TEXT, asking, claude_events, claude_stream, read
from tests.served.messages.conftest import Serve
from tests.support.gateway import Gateway
from tests.support.process import SCALED
from tests.support.upstream.answers import chat_chunks, error_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause, Script

SILENCE = Pause(0.4)
CHUNKS = chat_chunks(TEXT)


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """Both kinds of signs of life are due within the silence, several times."""
    return {**SCALED, "keepalive_after": 0.1, "keepalive_event_after": 0.15, "first_byte_timeout": 5}


def chat(*silences: int) -> Script:
    """A chat stream with silence before these of its pieces, the head being the first."""
    chunks = [step for at, chunk in enumerate(CHUNKS, 1) for step in ([SILENCE] if at in silences else []) + [chunk]]
    return [*([SILENCE] if 0 in silences else []), *sse(*chunks)]


def native() -> Script:
    events = claude_events()
    return [SILENCE, *claude_stream(events[0], SILENCE, *events[1:4], SILENCE, *events[4:])]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_silent_stream_is_kept_alive_by_pings(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str
) -> None:
    upstream.default = chat(0, 2, 4) if provider == "openai" else native()
    with asking(gateway, serve((provider, upstream.url))) as reading:
        message = read(reading, ours=provider == "openai")
    assert (TEXT, "end_turn") == (message.text, message.stop_reason)
    assert message.pings >= 3


def test_a_failover_after_a_ping_starts_one_message(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = chat()
    with (
        Upstream([SILENCE, *error_answer(500, "broken")]) as broken,
        asking(gateway, serve(broken.url, upstream.url)) as reading,
    ):
        message = read(reading)
    assert (TEXT, True) == (message.text, message.pings > 0)


def test_a_refusal_after_a_ping_is_an_event(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = [SILENCE, *error_answer(400, "that is too much")]
    with asking(gateway, serve(upstream.url)) as reading:
        message = read(reading)
    assert message.error is not None
    assert ("that is too much", "invalid_request_error") == (message.error["message"], message.error["type"])


def test_the_sdk_reads_on_past_a_ping(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = chat(0, 3)
    model = serve(upstream.url)
    with (
        anthropic.Anthropic(base_url=gateway.url, auth_token=gateway.key, api_key=None, max_retries=0) as client,
        client.messages.stream(model=model, max_tokens=100, messages=[{"role": "user", "content": "Hello"}]) as stream,
    ):
        assert TEXT == "".join(stream.text_stream)
