"""Requests that AWS's credentials sign: by the gateway's clock, as others take their place, and after a restart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.channel import Offer
from tests.served.bedrock import CLAUDE, Bedrock, refusal
from tests.served.messages import request
from tests.support.asgi import post
from tests.support.clock import ManualClock
from tests.support.inprocess import AT_REST, MODEL, House, open_house
from tests.support.upstream.aws import signed_by
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

SECRETS = {"AKOLD": "secret-of-old", "AKNEW": "secret-of-new"}
EXPIRED = "The security token included in the request is expired"


@attrs.define(eq=False)
class Account:
    """An account whose access keys can be taken back, and the file that the gateway reads them from."""

    file: Path
    models: Upstream
    refused: set[str] = attrs.field(factory=set)
    clock: ManualClock = attrs.field(factory=lambda: ManualClock(wall_now=time.time()))
    signers: list[str] = attrs.field(factory=list)

    def write(self, access_key: str) -> None:
        """Who runs the gateway has new keys."""
        secret = SECRETS[access_key]
        self.file.write_text(
            f"[work]\naws_access_key_id={access_key}\naws_secret_access_key={secret}\nregion=eu-west-1\n"
        )

    def answer(self, received: Request) -> Script:
        url = f"http://{received.header('host')}{received.path}"
        headers = received.headers
        signer = signed_by(SECRETS, received.method, url, headers, received.body, now=self.clock.wall())
        self.signers.append(signer)
        if signer in self.refused:
            return refusal(403, "ExpiredTokenException", EXPIRED)
        return Bedrock()(received)

    def play(self, directory: Path, *stories: Callable[[House, str], Awaitable[None]]) -> None:
        """Each story in a gateway of its own over the same data; the first finds the channel."""

        async def run(story: Callable[[House, str], Awaitable[None]], first: bool) -> None:
            async with open_house(directory, clock=self.clock) as house:
                if first:
                    fields: dict[str, Any] = {"provider": "bedrock", "offers": (Offer(MODEL, CLAUDE),)}
                    await house.add_channel(MODEL, self.models.url, keys=["profile:work"], **fields)
                    _, key = await house.add_token()
                    (directory / "key").write_text(key)
                await story(house, (directory / "key").read_text())
                assert AT_REST == await house.at_rest()

        for number, story in enumerate(stories):
            asyncio.run(run(story, not number))


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with Upstream() as models:
        account = Account(file, models)
        account.write("AKOLD")
        models.default = account.answer
        yield account
        assert [] == models.errors


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory of its own."""
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


async def status(house: House, key: str, surface: str = "chat") -> int:
    """Of one request."""
    if surface == "chat":
        return int((await house.ask(key).served()).status)
    call = post("/v1/messages", key, request(MODEL)).start(house.app)
    return int((await call.served()).status)


async def faults(house: House) -> list[str]:
    """Of the attempts of the last request."""
    attempts: list[dict[str, Any]] = msgspec.json.decode((await house.records())[-1]["attempts"])
    return [attempt["fault"] for attempt in attempts]


@pytest.mark.parametrize("surface", ["chat", "messages"])
def test_credentials_that_have_ended_are_replaced_within_the_request(
    account: Account, data: Path, surface: str
) -> None:
    """AWS says so with 403, as it would if the client's own words were not allowed."""

    async def story(house: House, key: str) -> None:
        assert 200 == await status(house, key, surface)
        account.clock.advance(61)
        account.refused.add("AKOLD")
        account.write("AKNEW")
        assert 200 == await status(house, key, surface)
        assert ["AKOLD", "AKOLD", "AKNEW"] == account.signers
        assert ["outdated", ""] == await faults(house)
        (channel,) = house.gateway.registry.channels.all
        assert "" == channel.keys[0].disabled

    account.play(data, story)


def test_credentials_that_are_refused_at_once_are_not_tried_again(account: Account, data: Path) -> None:
    async def story(house: House, key: str) -> None:
        account.refused.add("AKOLD")
        assert 502 == await status(house, key)
        assert ["AKOLD"] == account.signers

    account.play(data, story)


def test_a_file_that_is_rewritten_is_read_again_in_time(account: Account, data: Path) -> None:
    """Tools that sign in for a while write new keys into it, and nobody tells the gateway."""

    async def story(house: House, key: str) -> None:
        assert 200 == await status(house, key)
        account.write("AKNEW")
        assert 200 == await status(house, key)
        account.clock.advance(900)
        assert 200 == await status(house, key)
        assert ["AKOLD", "AKOLD", "AKNEW"] == account.signers

    account.play(data, story)


def test_after_a_restart_credentials_are_read_anew_and_none_is_stored(account: Account, data: Path) -> None:
    async def story(house: House, key: str) -> None:
        assert 200 == await status(house, key)
        account.write("AKNEW")

    account.play(data, story, story)
    assert ["AKOLD", "AKNEW"] == account.signers
    stored = b"".join(path.read_bytes() for path in data.glob("*.db*"))
    assert not any(secret.encode() in stored for secret in SECRETS.values())
