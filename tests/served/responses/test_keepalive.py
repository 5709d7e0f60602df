"""Silence before and in an answer: events that say nothing, in their places, and numbered like all others."""

from __future__ import annotations

from collections.abc import Mapping

import openai
import pytest

from tests.served.responses import TEXT, asking, native_events, native_stream, read, text_of
from tests.served.responses.conftest import NATIVE, Serve
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
    events = native_events()
    return [SILENCE, *native_stream(*events[:2], SILENCE, *events[2:6], SILENCE, *events[6:])]


@pytest.mark.parametrize("provider", ["openai", NATIVE])
def test_a_silent_stream_is_kept_alive_by_events(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str
) -> None:
    upstream.default = chat(0, 2, 4) if provider == "openai" else native()
    with asking(gateway, serve((provider, upstream.url))) as reading:
        checked = read(reading)
    assert (TEXT, "completed", 1) == (
        text_of(checked.response),
        checked.response["status"],
        checked.kinds.count("response.created"),
    )
    assert checked.kinds.count("response.in_progress") >= 3


@pytest.mark.parametrize("second", ["openai", NATIVE])
def test_a_failover_after_a_sign_of_life_starts_one_response(
    gateway: Gateway, serve: Serve, upstream: Upstream, second: str
) -> None:
    upstream.default = chat() if second == "openai" else native_stream()
    with (
        Upstream([SILENCE, *error_answer(500, "broken")]) as broken,
        asking(gateway, serve(broken.url, (second, upstream.url))) as reading,
    ):
        checked = read(reading)
    assert (TEXT, 1) == (text_of(checked.response), checked.kinds.count("response.created"))


@pytest.mark.parametrize("second", ["openai", NATIVE])
def test_an_answer_is_gone_on_from_by_the_id_that_its_client_was_told_first(
    gateway: Gateway, serve: Serve, upstream: Upstream, second: str
) -> None:
    """A sign of life names the response before anybody answers, and another one answers than who was asked first."""
    upstream.default = chat() if second == "openai" else native_stream()
    with Upstream([SILENCE, *error_answer(500, "broken")]) as broken:
        model = serve(broken.url, (second, upstream.url))
        with asking(gateway, model) as reading:
            first = read(reading).response
        items = [{"type": "item_reference", "id": item["id"]} for item in first["output"]]
        for fields in ({"previous_response_id": first["id"]}, {"input": [*items, {"role": "user", "content": "And?"}]}):
            with asking(gateway, model, **fields) as reading:
                assert TEXT == text_of(read(reading).response)
            assert TEXT in str(upstream.chats[-1].json())


def test_an_attempt_that_began_and_failed_leaves_no_gap_in_the_numbers(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """The first upstream's own beginning is thrown away, while the client is being kept waiting."""
    upstream.default = chat()
    begun = native_stream(*native_events()[:3], SILENCE)
    with Upstream(begun) as broken, asking(gateway, serve((NATIVE, broken.url), upstream.url)) as reading:
        checked = read(reading)
    assert (TEXT, 1) == (text_of(checked.response), checked.kinds.count("response.created"))


def test_a_refusal_after_a_sign_of_life_is_a_failed_response(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = [SILENCE, *error_answer(400, "that is too much", "context_length_exceeded")]
    with asking(gateway, serve(upstream.url)) as reading:
        checked = read(reading)
    assert (["response.created", "response.failed"], "context_length_exceeded") == (
        [kind for kind in checked.kinds if kind != "response.in_progress"],
        checked.response["error"]["code"],
    )


def test_a_client_is_told_when_to_come_back(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = [SILENCE, *error_answer(429, "slow down", headers=[("retry-after", "7")])]
    with asking(gateway, serve(upstream.url)) as reading:
        error = read(reading).response["error"]
    assert ("rate_limit_exceeded", True) == (error["code"], "try again in 7s" in error["message"].lower())


def test_the_sdk_reads_on_past_a_sign_of_life(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = chat(0, 3)
    model = serve(upstream.url)
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client,
        client.responses.stream(model=model, input="Hello") as stream,
    ):
        texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert TEXT == "".join(texts) == stream.get_final_response().output_text
