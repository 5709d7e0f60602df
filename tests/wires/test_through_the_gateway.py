"""Recorded answers of Anthropic and Gemini, through a running gateway: they come out as chat, metered and strict."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.support.checker import check_chat_answer, check_chat_stream
from tests.support.gateway import Gateway
from tests.support.replay import Vector, played, requires_vectors, vectors
from tests.support.scripted import Upstream

pytestmark = requires_vectors

WIRES = {"anthropic": ("anthropic", "messages"), "gemini": ("gemini", "generateContent")}


def recorded(wire: str, *, streamed: bool) -> list[Vector]:
    """Whole recordings with status 200."""
    provider, endpoint = WIRES[wire]
    return vectors(endpoint=endpoint, providers=[provider], streamed=streamed, status=200)


def serve(upstream: Upstream, add_channel: AddChannel, wire: str) -> str:
    """A channel of this wire at the scripted upstream; returns its model."""
    names = {"anthropic": "claude-sonnet-4-5", "gemini": "gemini-2.5-pro"}
    return add_channel(
        upstream.url, model=f"{names[wire]}-test", provider=wire, models=[f"{names[wire]}-test={names[wire]}"]
    )


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_recorded_answer_does_not_come_out_as_chat(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, wire: str, streamed: bool
) -> None:
    model, found = serve(upstream, add_channel, wire), recorded(wire, streamed=streamed)
    failures: list[tuple[str, Any]] = []
    for vector in found:
        upstream.default = played(vector)
        try:
            if streamed:
                with gateway.stream(model, stream_options={"include_usage": True}) as stream:
                    raw = b"".join(event.data for event in stream.events())
                check_chat_stream(raw, include_usage=True)
            else:
                answer = gateway.chat(model)
                assert 200 == answer.status, answer.body
                check_chat_answer(answer.body)
        except AssertionError as error:
            failures.append((vector.id, str(error)[:300]))
    assert ([], True) == (failures, len(found) > 5)
