"""Channels that speak to a scripted upstream as Anthropic and Gemini, and what was booked for what they answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs
import pytest

from tests.conftest import AddChannel
from tests.support.books import Record
from tests.support.gateway import Gateway, unique
from tests.support.upstream.answers import json_answer
from tests.support.upstream.claude import sdk_problems
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script
from tests.wire.gemini.sdk import check_request


@attrs.define
class Playing:
    """A gateway before an upstream that plays one script at a time."""

    gateway: Gateway
    upstream: Upstream
    add_channel: AddChannel

    def serve(self, wire: str, upstream_models: Iterable[str]) -> dict[str, str]:
        """A channel of this wire; its public model for each upstream model."""
        offered = {name: unique("played") for name in dict.fromkeys(upstream_models)}
        models = [f"{public}={name}" for name, public in offered.items()]
        self.add_channel(self.upstream.url, "", provider=wire, models=models)
        return offered

    def play(self, script: Script) -> None:
        """The answer to everything but a question for models."""
        self.upstream.default = lambda request: json_answer(200, {"data": []}) if _listing(request) else script

    def booked(self) -> dict[str, Record]:
        """Usage records by request id."""
        return {record.request_id: record for record in self.gateway.books.records()}


def _listing(request: Request) -> bool:
    return request.method == "GET"


@pytest.fixture(autouse=True)
def judge(upstream: Upstream) -> Iterator[None]:
    """Whatever the gateway sent is held against the official SDKs' own request types."""
    yield
    for request in upstream.chats:
        if request.path.endswith("/messages"):
            assert [] == sdk_problems(request.json())
        elif "enerateContent" in request.path:
            check_request(request.json())


@pytest.fixture
def playing(gateway: Gateway, upstream: Upstream, add_channel: AddChannel) -> Playing:
    return Playing(gateway, upstream, add_channel)


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """Recordings are data: what little they set up is set up elsewhere too."""
    return False
