"""A gateway whose channels lead to recorded traffic: every recording is a model of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
import pytest

from aihub_lite.upstream.providers import PROVIDERS
from tests.support.gateway import Gateway
from tests.support.replay import CHAT_PROVIDERS, Cuts, Replay, Vector, vectors

NO_CHAT_ANSWERS = frozenset({"5474ce1d8e7c", "d54621ad2e02", "03aab251e327", "d54465ceafb7", "70c51c9a3227"})
"""Filed under chat with status 200, but a transcription, a skill, a proxy's envelope, and two errors."""

FAILING_STREAMS = frozenset({"6282326ca03d", "7c6675165382", "2c533a34d47c"})
"""Streams that their upstream ended with an error event after some content."""

UNPRICED = "vllm"
"""For refusals: a provider without prices, because looking them up takes longer than the tests."""


def answered(provider: str, *, streamed: bool) -> list[Vector]:
    """A provider's chat recordings that hold a whole answer."""
    recordings = vectors("chat", [provider], streamed=streamed, status=200)
    return [vector for vector in recordings if vector.id not in NO_CHAT_ANSWERS | FAILING_STREAMS]


def failing() -> list[Vector]:
    """The streams that end with an error."""
    return [vector for vector in vectors("chat") if vector.id in FAILING_STREAMS]


def refused() -> list[Vector]:
    """Every recording that is no answer to a chat request."""
    return [vector for vector in vectors("chat") if vector.status != 200 or vector.id in NO_CHAT_ANSWERS]


@attrs.frozen
class Recordings:
    """A gateway in front of the recordings. A vector's id is the model that plays it."""

    gateway: Gateway
    replay: Replay

    def cut(self, cuts: Cuts) -> None:
        """Where the next answers are cut."""
        self.replay.cuts = cuts

    def add(self, provider: str, models: Iterable[str]) -> None:
        """A channel for these recordings, with the provider's own quirks."""
        kind = provider if provider in PROVIDERS else "openai"
        self.gateway.add_channel(self.replay.url, "", provider=kind, models=list(models))


@pytest.fixture(scope="module")
def replay(gateway_process: Gateway) -> Iterator[Replay]:
    """The upstream, and channels to it: one for each provider's answers, one for each refusal, which may rest it."""
    with Replay(vectors("chat")) as upstream:
        played = Recordings(gateway_process, upstream)
        for provider in CHAT_PROVIDERS:
            answers = [*answered(provider, streamed=True), *answered(provider, streamed=False)]
            if answers:
                played.add(provider, [vector.id for vector in answers])
        for vector in [*refused(), *failing()]:
            played.add(UNPRICED, [vector.id])
        yield upstream


@pytest.fixture
def recordings(replay: Replay, gateway: Gateway) -> Iterator[Recordings]:
    """The module's recordings behind the test's gateway; the replay itself must not have failed."""
    replay.cuts = lambda body: ()
    replay.requests.clear()
    yield Recordings(gateway, replay)
    assert [] == replay.errors


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """Recordings are data: what little they set up is set up elsewhere too."""
    return False
