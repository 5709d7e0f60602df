"""Google's credentials against a token endpoint that reads what it is sent: files, keys, application default."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.config import Settings
from aihub_lite.upstream.access.access import Access
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.access.faults import AccessRefused, NoAccess
from aihub_lite.upstream.access.google import MISSING, UNREADABLE, TokenAnswer
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.transport import Transport
from tests.support.clock import ManualClock
from tests.support.upstream.answers import body_answer, json_answer
from tests.support.upstream.google import EMAIL, LIFETIME, TokenEndpoint, service_account
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream, refused
from tests.support.upstream.steps import Script

DRAFT = RequestDraft("POST", "https://aiplatform.googleapis.com/v1/x", (), b"{}")


@attrs.define(eq=False)
class Google:
    """A token endpoint, and the gateway's side of it."""

    tokens: TokenEndpoint
    server: Upstream
    clock: ManualClock

    def key(self, **fields: str) -> str:
        """The key file of the account."""
        return json.dumps({**service_account(self.tokens.uri), **fields})

    def play(self, story: Callable[[Access], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with Transport(Settings(data_dir=Path()), clock=self.clock) as transport:
                await story(transport.access)

        asyncio.run(main())

    def authorized(self, credential: str) -> Authorization:
        """What lets one request in."""
        given: list[Authorization] = []

        async def story(access: Access) -> None:
            given.append(await access.authorize("google", credential, DRAFT))

        self.play(story)
        return given[0]

    def fault(self, credential: str) -> TransportFault:
        with pytest.raises(TransportFault) as raised:
            self.authorized(credential)
        return raised.value


@pytest.fixture
def google() -> Iterator[Google]:
    tokens = TokenEndpoint()
    with Upstream(tokens) as server:
        tokens.uri = f"http://127.0.0.1:{server.port}/token"
        yield Google(tokens, server, ManualClock())


def test_a_service_accounts_key_is_exchanged_for_a_token(google: Google) -> None:
    authorization = google.authorized(google.key())
    assert [(b"authorization", b"Bearer ya29.token-1")] == list(authorization.headers)
    assert "ya29.token-1" == authorization.secret


def test_the_key_may_stand_in_a_file_that_is_read_at_use(google: Google, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(google.key())
    for credential in (f"file:{path}", str(path)):
        assert google.authorized(credential).secret.startswith("ya29.")


def test_a_token_serves_until_it_ends_by_the_gateways_clock(google: Google) -> None:
    async def story(access: Access) -> None:
        seen = []
        for seconds in (0, LIFETIME - 300, 290):
            google.clock.advance(seconds)
            seen.append((await access.authorize("google", google.key(), DRAFT)).secret)
        assert ["ya29.token-1", "ya29.token-1", "ya29.token-2"] == seen

    google.play(story)


def test_an_api_key_is_sent_as_it_is(google: Google) -> None:
    """Vertex AI in express mode."""
    authorization = google.authorized("AIza-key")
    assert [(b"x-goog-api-key", b"AIza-key")] == list(authorization.headers)
    assert [] == google.server.requests


def test_a_key_that_google_refuses_is_said_to_be_with_oauths_word_for_it(google: Google) -> None:
    fault = google.fault(google.key(client_email="other@example.com"))
    assert isinstance(fault, AccessRefused)
    assert ("Google refused the credentials: invalid_grant", 401) == (str(fault), fault.status)


def test_what_a_token_endpoint_says_beyond_that_is_not_shown(google: Google) -> None:
    """It may hold what it was sent."""

    def echo(request: Request) -> Script:
        return json_answer(400, {"error": request.body.decode(), "error_description": request.body.decode()})

    google.server.default = echo
    assert "Google refused the credentials: status 400" == str(google.fault(google.key()))


def test_a_token_endpoint_that_is_down_is_no_refusal(google: Google) -> None:
    with refused() as url:
        fault = google.fault(google.key(token_uri=f"{url}/token"))
    assert isinstance(fault, NoAccess)


@pytest.mark.parametrize("answer", [body_answer(200, b"<html>", "text/html"), json_answer(200, {"token": "x"})])
def test_an_answer_without_a_token_gives_none(google: Google, answer: Script) -> None:
    google.server.default = answer
    assert isinstance(google.fault(google.key()), NoAccess | AccessRefused)


@pytest.mark.parametrize(
    "credential",
    [
        '{"type": "service_account"}',
        "{",
        '{"type": "external_account"}',
        '{"private_key": "-----BEGIN", "client_email": "a"}',
    ],
)
def test_what_is_no_key_is_refused_without_asking_anybody(google: Google, credential: str) -> None:
    fault = google.fault(credential)
    assert UNREADABLE == str(fault)
    assert isinstance(fault, AccessRefused)
    assert [] == google.server.requests


def test_a_file_that_is_not_there_may_be_there_another_time(google: Google, tmp_path: Path) -> None:
    fault = google.fault(f"file:{tmp_path}/none.json")
    assert isinstance(fault, NoAccess)
    assert "No such file" in str(fault)


def test_application_default_credentials_are_those_of_the_machine(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found as Google's own tools find them, with the project whose quota is to be used."""
    path = tmp_path / "adc.json"
    path.write_text(google.key())
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "paying")
    headers = dict(google.authorized("default").headers)
    assert {b"authorization": b"Bearer ya29.token-1", b"x-goog-user-project": b"paying"} == headers


def test_a_machine_without_any_is_said_to_have_none(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    fault = google.fault("default")
    assert "there are no application default credentials where the gateway runs" == str(fault)


def test_without_the_library_one_sentence_says_what_to_install(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)
    assert MISSING == str(google.fault(google.key()))
    assert "pip install 'aihub-lite[google]'" in MISSING


def test_the_library_is_not_imported_before_it_is_used() -> None:
    """It takes longer than the rest of a start."""
    program = (
        "import sys, aihub_lite.server.serve; sys.exit(any(name.startswith('google.auth') for name in sys.modules))"
    )
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode


def test_a_token_that_is_refused_after_a_while_is_exchanged_anew(google: Google) -> None:
    """Somebody revoked it: the key still gives others."""

    async def story(access: Access) -> None:
        first = await access.authorize("google", google.key(), DRAFT)
        assert not access.refused("google", google.key(), first)
        google.clock.advance(61)
        assert access.refused("google", google.key(), first)
        assert "ya29.token-2" == (await access.authorize("google", google.key(), DRAFT)).secret

    google.play(story)


def test_an_api_key_that_is_refused_has_nothing_to_be_exchanged_for(google: Google) -> None:
    async def story(access: Access) -> None:
        key = await access.authorize("google", "AIza-key", DRAFT)
        assert not access.refused("google", "AIza-key", key)

    google.play(story)


def test_nothing_of_a_credential_or_a_token_is_shown(google: Google) -> None:
    authorization = google.authorized(google.key())
    assert "ya29" not in repr(authorization)
    assert EMAIL not in repr(authorization)
    assert "ya29" not in repr(TokenAnswer(200, {}, b"ya29"))
