"""Microsoft Entra's tokens against a token endpoint that reads what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.upstream.access.access import Access
from aihub_lite.upstream.access.application import entra_application
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.access.entra import token_url
from aihub_lite.upstream.access.faults import AccessRefused, NoAccess
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Transport
from tests.support.clock import ManualClock
from tests.support.upstream.answers import body_answer, json_answer
from tests.support.upstream.entra import CLIENT, SECRET, TENANT, Entra
from tests.support.upstream.scripted import Upstream, refused
from tests.support.upstream.steps import Gate, Script, Wait

DRAFT = RequestDraft("POST", "https://our.openai.azure.com/openai/v1/chat/completions", (), b"{}")
ERROR = {"error": "invalid_client", "error_description": f"AADSTS7000215: {SECRET} is wrong", "error_codes": [7000215]}


@attrs.define(eq=False)
class Desk:
    """Entra, and the gateway's side of it."""

    entra: Entra
    server: Upstream
    clock: ManualClock = attrs.field(factory=ManualClock)

    @property
    def credential(self) -> str:
        """Of the one application that it knows."""
        return self.entra.credential(self.server)

    def play(self, story: Callable[[Access], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with Transport(Settings(data_dir=Path()), clock=self.clock) as transport:
                await story(transport.access)

        asyncio.run(main())

    def authorized(self, credential: str) -> Authorization:
        """What lets one request in."""
        given: list[Authorization] = []

        async def story(access: Access) -> None:
            given.append(await access.authorize("entra", credential, DRAFT))

        self.play(story)
        return given[0]

    def fault(self, credential: str = "") -> TransportFault:
        with pytest.raises(TransportFault) as raised:
            self.authorized(credential or self.credential)
        return raised.value


@pytest.fixture
def desk() -> Iterator[Desk]:
    entra = Entra()
    with Upstream(entra) as server:
        yield Desk(entra, server)


def test_an_application_gets_a_token_by_its_secret(desk: Desk) -> None:
    authorization = desk.authorized(desk.credential)
    assert [(b"authorization", b"Bearer entra-token-1")] == list(authorization.headers)
    assert "entra-token-1" == authorization.secret
    (asked,) = desk.server.requests
    assert ("POST", f"/{TENANT}/oauth2/v2.0/token") == (asked.method, asked.path)
    assert "application/x-www-form-urlencoded" == asked.header("content-type")
    assert {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT],
        "client_secret": [SECRET],
        "scope": ["https://cognitiveservices.azure.com/.default"],
    } == parse_qs(asked.body.decode())


def test_a_resources_own_key_is_sent_as_it_is(desk: Desk) -> None:
    azure = PROVIDERS["azure"]
    assert [(b"api-key", b"azure-key-1")] == azure.key_headers("azure-key-1")
    assert [] == azure.key_headers(desk.credential)
    assert [((), "azure-key-1"), ((), "")] == [
        (tuple(authorization.headers), authorization.secret)
        for authorization in (desk.authorized("azure-key-1"), desk.authorized(""))
    ]
    assert [] == desk.server.requests


@pytest.mark.parametrize(
    ("credential", "url"),
    [
        ("entra:t/c/s", "https://login.microsoftonline.com/t/oauth2/v2.0/token"),
        ("entra:https://login.microsoftonline.us/t?x/c/s", None),
        ("entra:t?a#b/c/s", "https://login.microsoftonline.com/t%3Fa%23b/oauth2/v2.0/token"),
    ],
)
def test_a_token_is_asked_for_at_the_tenants_endpoint(credential: str, url: str | None) -> None:
    application = entra_application(credential)
    if url is None:
        assert application is not None
        assert "https://login.microsoftonline.us/t%3Fx/oauth2/v2.0/token" == token_url(application)
        return
    assert application is not None
    assert url == token_url(application)


def test_requests_at_once_share_one_fetch(desk: Desk) -> None:
    gate = Gate()
    desk.server.enqueue([Wait(gate), *desk.entra.token()])

    async def story(access: Access) -> None:
        asking = [asyncio.create_task(access.authorize("entra", desk.credential, DRAFT)) for _ in range(20)]
        await asyncio.to_thread(gate.wait_reached)
        gate.open()
        assert {"entra-token-1"} == {each.secret for each in await asyncio.gather(*asking)}

    desk.play(story)
    assert 1 == len(desk.server.requests)


def test_a_token_is_used_until_shortly_before_it_expires(desk: Desk) -> None:
    async def story(access: Access) -> None:
        seen = []
        for seconds in (0.0, 3000.0, 650.0):
            desk.clock.advance(seconds)
            seen.append((await access.authorize("entra", desk.credential, DRAFT)).secret)
        assert ["entra-token-1", "entra-token-1", "entra-token-2"] == seen

    desk.play(story)


@pytest.mark.parametrize(
    ("answer", "kind", "status", "says"),
    [
        (json_answer(401, ERROR), AccessRefused, 401, "invalid_client, AADSTS7000215"),
        (json_answer(400, {"error": "unauthorized_client"}), AccessRefused, 400, "unauthorized_client"),
        (json_answer(400, {"error": SECRET}), AccessRefused, 400, "status 400"),
        (body_answer(404, b"<html>", "text/html"), AccessRefused, 404, "status 404"),
        (json_answer(429, {"error": "temporarily_unavailable"}), NoAccess, None, "temporarily_unavailable"),
        (json_answer(503, {}), NoAccess, None, "status 503"),
        (json_answer(200, {"token_type": "Bearer"}), NoAccess, None, "holds no access token"),
        (json_answer(200, {"access_token": "two\r\nlines"}), NoAccess, None, "holds no access token"),
        (body_answer(200, b"[]", "application/json"), NoAccess, None, "holds no access token"),
    ],
    ids=["secret", "application", "echo", "page", "rate", "down", "empty", "lines", "array"],
)
def test_a_refusal_says_why_and_never_what_it_was_sent(
    desk: Desk, answer: Script, kind: type[TransportFault], status: int | None, says: str
) -> None:
    desk.server.enqueue(answer)
    fault = desk.fault()
    assert (kind, True, False) == (type(fault), says in str(fault), SECRET in str(fault))
    assert status == getattr(fault, "status", None)


def test_an_endpoint_that_is_not_there_is_no_fault_of_the_credential(desk: Desk) -> None:
    with refused() as base:
        fault = desk.fault(f"entra:{base.removesuffix('/v1')}/{TENANT}/{CLIENT}/{SECRET}")
    assert not isinstance(fault, AccessRefused)


def test_what_is_no_application_is_refused_unasked(desk: Desk) -> None:
    assert isinstance(desk.fault("entra:t/c"), AccessRefused)
    assert [] == desk.server.requests
