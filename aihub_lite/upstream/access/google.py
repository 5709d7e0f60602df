"""Google's access tokens: for the key of a service account or of a person, or by application default credentials.

google-auth is the extra `[google]`. It blocks, so it runs in a thread; its requests go out by the gateway's own client.
Sources: google-auth 2.63.0, and "Authentication methods at Google", read in November 2026.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import attrs
import msgspec

from aihub_lite.domain.channel import APPLICATION_DEFAULT, FILE
from aihub_lite.domain.clock import Clock
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.access.faults import AccessRefused, NoAccess
from aihub_lite.upstream.access.grants import PATIENCE, Grant, Grants
from aihub_lite.upstream.http1.faults import TransportFault

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
API_KEY = b"x-goog-api-key"
MISSING = "Google's credentials need google-auth, which is not installed: pip install 'aihub-lite[google]'."
UNREADABLE = "The credentials cannot be read: they must be the key of a service account, in JSON."
LIFETIME = 300.0
"""Seconds that a token is kept that does not say how long it is good."""
WORD = re.compile(r"[a-z_]{1,40}")
"""An error code of OAuth's (RFC 6749, 5.2). Nothing else that a token endpoint says is shown."""

Ask = Callable[[str, str, Mapping[str, str], bytes | None], Awaitable["TokenAnswer"]]
"""(method, URL, headers, body): sends a request for a token by the gateway's own client; raises TransportFault."""


@attrs.frozen
class TokenAnswer:
    """An answer as google-auth reads it."""

    status: int
    headers: Mapping[str, str]
    data: bytes = attrs.field(repr=False)


class GoogleCredentials(Protocol):
    """What google-auth makes of a credential; its own types are not complete."""

    token: str
    expiry: datetime | None
    """In UTC, without saying so."""

    def refresh(self, request: object) -> None:
        """Asks for a token, by `request`."""
        ...

    def apply(self, headers: dict[str, str]) -> None:
        """Adds the token, and whose quota is to be used."""
        ...


@attrs.frozen
class GoogleToken:
    """The headers that a token is sent in, and the token."""

    headers: tuple[tuple[bytes, bytes], ...] = attrs.field(repr=False)
    token: str = attrs.field(repr=False)


@attrs.define(eq=False)
class GoogleAuthorizer:
    """Lets requests in by a token, or by a key that is none of OAuth's (Vertex AI in express mode)."""

    ask: Ask
    clock: Clock
    tokens: Grants[GoogleToken] = attrs.field(
        default=attrs.Factory(lambda self: Grants(self.clock, self.fetch), takes_self=True)
    )

    async def authorize(self, credential: str, request: RequestDraft) -> Authorization:
        if is_api_key(credential):
            return Authorization([(API_KEY, credential.encode())], credential)
        token = await self.tokens.get(credential)
        return Authorization(token.headers, token.token)

    def refused(self, credential: str, authorization: Authorization) -> bool:
        if is_api_key(credential):
            return False
        headers = tuple(authorization.headers)
        return self.tokens.give_up(credential, GoogleToken(headers, authorization.secret))

    async def close(self) -> None:
        await self.tokens.close()

    async def fetch(self, credential: str) -> Grant[GoogleToken]:
        """Asks for a token; raises TransportFault."""
        client = _Client(self.ask, asyncio.get_running_loop())
        return await asyncio.to_thread(_token_for, credential, client)


def installed() -> bool:
    """Whether google-auth is; it is not imported."""
    return find_spec("google") is not None and find_spec("google.auth") is not None


def is_api_key(credential: str) -> bool:
    """Whether a credential is sent as it is."""
    return credential not in (APPLICATION_DEFAULT, "") and not credential.startswith((FILE, "{", "/"))


@attrs.define(eq=False)
class _Client:
    """google-auth's requests, which a thread waits for, sent from the loop."""

    ask: Ask
    loop: asyncio.AbstractEventLoop
    status: int = 0
    """Of the last answer."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> TokenAnswer:
        from google.auth.exceptions import TransportError

        asking = asyncio.run_coroutine_threadsafe(_asked(self.ask(method, url, headers or {}, body)), self.loop)
        try:
            answer = asking.result(min(timeout or PATIENCE, PATIENCE))
        except TransportFault as fault:
            raise TransportError(str(fault)) from fault
        except TimeoutError:
            asking.cancel()
            raise TransportError("no answer in time") from None
        self.status = answer.status
        return answer


async def _asked(asking: Awaitable[TokenAnswer]) -> TokenAnswer:
    return await asking


def _token_for(credential: str, client: _Client) -> Grant[GoogleToken]:
    """In a thread. Raises TransportFault."""
    try:
        from google.auth import exceptions
    except ImportError:
        raise NoAccess(MISSING) from None
    try:
        credentials = _credentials_of(credential, client)
        credentials.refresh(client)
    except exceptions.RefreshError as error:
        if error.retryable:
            raise NoAccess(f"Google gave no access token: {_reason(error, client)}") from None
        raise AccessRefused(f"Google refused the credentials: {_reason(error, client)}", client.status) from None
    except exceptions.TransportError as error:
        raise NoAccess(f"no access token from Google: {error}") from None
    except exceptions.MalformedError:
        raise AccessRefused(UNREADABLE) from None
    except exceptions.DefaultCredentialsError:
        raise NoAccess("there are no application default credentials where the gateway runs") from None
    except (exceptions.GoogleAuthError, msgspec.DecodeError, ValueError, TypeError, KeyError):
        raise AccessRefused(UNREADABLE) from None
    except OSError as error:
        raise NoAccess(f"the credentials' file cannot be read: {error.strerror}") from None
    return Grant(_sent(credentials), _seconds(credentials))


def _credentials_of(credential: str, client: _Client) -> GoogleCredentials:
    import google.auth
    from google.oauth2 import credentials as of_person
    from google.oauth2 import service_account

    credentials: GoogleCredentials
    if credential in (APPLICATION_DEFAULT, ""):
        credentials, _ = google.auth.default(scopes=SCOPES, request=client)
        return credentials
    text = credential
    if not credential.startswith("{"):
        text = Path(credential.removeprefix(FILE)).read_text()
    info = msgspec.json.decode(text, type=dict[str, Any])
    if info.get("type") == "authorized_user":
        credentials = of_person.Credentials.from_authorized_user_info(info, scopes=SCOPES)
        return credentials
    credentials = service_account.Credentials.from_service_account_info(info, scopes=SCOPES)
    return credentials


def _reason(error: Exception, client: _Client) -> str:
    """OAuth's code for what is wrong, else the answer's status: its text might repeat what it was sent."""
    for detail in error.args:
        code = detail.get("error") if isinstance(detail, dict) else None
        if isinstance(code, str) and WORD.fullmatch(code):
            return code
    if client.status:
        return f"status {client.status}"
    return "no reason was given"


def _sent(credentials: GoogleCredentials) -> GoogleToken:
    headers: dict[str, str] = {}
    credentials.apply(headers)
    fields = ((name.lower().encode(), value.encode()) for name, value in headers.items())
    return GoogleToken(tuple(fields), str(credentials.token))


def _seconds(credentials: GoogleCredentials) -> float:
    """How long it is good: by the machine's own clock, as its end is by that."""
    if credentials.expiry is None:
        return LIFETIME
    left: timedelta = credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
    return left.total_seconds()
