"""Keys that are exchanged for something that ends: by the gateway's clock, and after a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.upstream.cloud_accounts import credential_refs
from aihub_lite.upstream.providers import PROVIDERS
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, MODEL, House, open_house
from tests.support.upstream.answers import json_answer
from tests.support.upstream.google import LIFETIME, TokenEndpoint, service_account, vertex
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

UNAUTHENTICATED = {"code": 401, "message": "Request had invalid credentials.", "status": "UNAUTHENTICATED"}


@attrs.define(eq=False)
class Google:
    """A project whose tokens can be revoked."""

    tokens: TokenEndpoint
    endpoint: Upstream
    models: Upstream
    revoked: set[str] = attrs.field(factory=set)
    clock: ManualClock = attrs.field(factory=ManualClock)

    def answer(self, request: Request) -> Script:
        if str(request.header("authorization")).removeprefix("Bearer ") in self.revoked:
            return json_answer(401, {"error": UNAUTHENTICATED})
        return vertex(request)

    def play(self, directory: Path, *stories: Callable[[House, str], Awaitable[None]]) -> None:
        """Each story in a gateway of its own over the same data; the first finds the channel."""

        async def run(story: Callable[[House, str], Awaitable[None]], first: bool) -> None:
            async with open_house(directory, clock=self.clock) as house:
                if first:
                    keys = credential_refs([json.dumps(service_account(self.tokens.uri))], PROVIDERS["vertex"])
                    await house.add_channel(MODEL, self.models.url, keys=keys, provider="vertex")
                    _, key = await house.add_token()
                    (directory / "key").write_text(key)
                await story(house, (directory / "key").read_text())
                assert AT_REST == await house.at_rest()

        for number, story in enumerate(stories):
            asyncio.run(run(story, not number))

    @property
    def asked_with(self) -> list[str]:
        """The tokens of all requests so far, by their numbers."""
        return [str(request.header("authorization")).rpartition("-")[2] for request in self.models.requests]


@pytest.fixture
def google() -> Iterator[Google]:
    tokens = TokenEndpoint()
    with Upstream(tokens) as endpoint, Upstream() as models:
        tokens.uri = f"http://127.0.0.1:{endpoint.port}/token"
        google = Google(tokens, endpoint, models)
        models.default = google.answer
        yield google
        assert [] == endpoint.errors + models.errors


async def status(house: House, key: str) -> int:
    """Of one request."""
    call = await house.ask(key).served()
    return int(call.status)


async def faults(house: House) -> list[str]:
    """Of the attempts of the last request."""
    attempts: list[dict[str, Any]] = msgspec.json.decode((await house.records())[-1]["attempts"])
    return [attempt["fault"] for attempt in attempts]


def test_a_token_is_replaced_before_it_ends(google: Google, tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        assert 200 == await status(house, key)
        google.clock.advance(LIFETIME - 300)
        assert 200 == await status(house, key)
        google.clock.advance(299)
        assert 200 == await status(house, key)
        assert ["1", "1", "2"] == google.asked_with

    google.play(tmp_path, story)


def test_requests_at_once_wait_for_one_token(google: Google, tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        assert [200] * 20 == await asyncio.gather(*(status(house, key) for _ in range(20)))
        assert 1 == len(google.endpoint.requests)

    google.play(tmp_path, story)


def test_a_token_that_was_revoked_costs_nobody_the_key(google: Google, tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        assert 200 == await status(house, key)
        google.clock.advance(61)
        google.revoked.add(google.tokens.given[0])
        assert 200 == await status(house, key)
        assert ["1", "1", "2"] == google.asked_with
        assert ["outdated", ""] == await faults(house)
        (channel,) = house.gateway.registry.channels.all
        assert "" == channel.keys[0].disabled

    google.play(tmp_path, story)


def test_an_account_that_may_not_get_in_is_asked_no_second_time(google: Google, tmp_path: Path) -> None:
    """It would be let in never, and each request would ask for a token."""

    async def story(house: House, key: str) -> None:
        google.models.default = json_answer(401, {"error": UNAUTHENTICATED})
        assert 502 == await status(house, key)
        assert ["auth"] == await faults(house)
        assert 1 == len(google.models.requests)

    google.play(tmp_path, story)


def test_after_a_restart_the_key_is_exchanged_again(google: Google, tmp_path: Path) -> None:
    """No token is stored."""

    async def story(house: House, key: str) -> None:
        assert 200 == await status(house, key)

    google.play(tmp_path, story, story)
    assert ["1", "2"] == google.asked_with
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
    assert b"ya29." not in stored
