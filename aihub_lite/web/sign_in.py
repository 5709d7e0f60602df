"""Who may use the console: a session is opened with the admin key or a one-time link, and lives in a cookie."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import attrs
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from aihub_lite.domain.token import digest_of
from aihub_lite.errors import AccessDenied, RateLimited, Unauthenticated
from aihub_lite.gateway.admin_key import admin_key, replace_admin_key
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.limits import Buckets, neighbourhood, whole_seconds
from aihub_lite.storage.sessions import Session, Sessions

AnyConnection = ASGIConnection[Any, Any, Any, Any]

COOKIE = "aihub_session"
SESSION_SECONDS = 30 * 86_400
LINK_SECONDS = 3600
"""An hour: long enough to find the terminal again, too short to be worth stealing from a log."""
BROWSER = re.compile(r"\b(Edg|OPR|Firefox|Chrome|Safari)/(\d{1,4})", re.ASCII)
SAFE_METHODS = frozenset({"GET", "HEAD"})


@attrs.define(eq=False)
class SignIn:
    """The door of the console, and of the admin API for those who came through it."""

    gateway: Gateway
    sessions: Sessions
    expected: str
    """Digest of the admin key."""
    _wrong: Buckets = attrs.field(factory=Buckets)
    _requests: Buckets = attrs.field(factory=Buckets)

    @classmethod
    def of(cls, gateway: Gateway) -> Self:
        """Makes the admin key if there is none. Raises BadSetting."""
        key = admin_key(gateway.settings.data_dir, gateway.environ)
        return cls(gateway, Sessions(gateway.database), digest_of(key))

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.gateway.clock.wall())

    def is_key(self, key: str) -> bool:
        """Digests are compared: their length says nothing, and neither does the time it takes."""
        return hmac.compare_digest(digest_of(key), self.expected)

    def check(self, connection: AnyConnection, key: str) -> None:
        """Raises Unauthenticated for another key than the admin's, RateLimited after too many of these.

        The key of this run is looked at whatever was tried before: it is too long to be guessed, and whoever has it
        sits at the machine and must not be shut out by a stranger's guesses.
        """
        if hmac.compare_digest(digest_of(key), digest_of(self.gateway.run_key)):
            return
        with self._one_try(connection):
            if not self.is_key(key):
                raise Unauthenticated

    async def with_key(self, connection: AnyConnection, key: str) -> Cookie:
        """Open a session for the holder of the admin key; raises Unauthenticated or RateLimited."""
        with self._one_try(connection):
            if not self.is_key(key.strip()):
                raise Unauthenticated
        return await self._open(connection)

    async def with_link(self, connection: AnyConnection, secret: str) -> Cookie:
        """Open a session for the first who presents a link's secret; raises Unauthenticated or RateLimited."""
        with self._one_try(connection):
            if not await self.sessions.use_link(digest_of(secret), self.now):
                raise Unauthenticated
        return await self._open(connection)

    async def new_link(self) -> tuple[str, int]:
        """The path of a link that lets one browser in, and until when (Unix seconds)."""
        secret, until = secrets.token_urlsafe(32), self.now + LINK_SECONDS
        await self.sessions.add_link(digest_of(secret), self.now, until)
        return f"/console/enter/{secret}", until

    async def session(self, connection: AnyConnection) -> Session | None:
        """The session that the cookie names, if it is still good."""
        held = connection.cookies.get(COOKIE)
        return await self.sessions.find(digest_of(held), self.now) if held else None

    async def admit(self, connection: AnyConnection) -> Session:
        """Let a request of a session pass; raises Unauthenticated, AccessDenied or RateLimited."""
        session = await self.session(connection)
        if session is None:
            raise Unauthenticated
        check_origin(connection)
        limit = self.gateway.settings.console_rpm
        if limit:
            wait = self._requests.get(session.digest).take(limit, 1, self.gateway.clock.monotonic())
            if wait:
                raise RateLimited(f"Limit of {limit} console requests per minute reached.", whole_seconds(wait))
        return session

    async def reset_key(self) -> tuple[str, int]:
        """A new admin key, and how many sessions ended with the old one; links end as well. Raises Conflict."""
        key = replace_admin_key(self.gateway.settings.data_dir, self.gateway.environ)
        self.expected = digest_of(key)
        return key, await self.sessions.end_all()

    async def leave(self, connection: AnyConnection) -> Cookie:
        """End the session; the cookie that takes the old one's place."""
        if held := connection.cookies.get(COOKIE):
            await self.sessions.end(digest_of(held))
        return self._cookie(connection, "", 0)

    async def _open(self, connection: AnyConnection) -> Cookie:
        secret = secrets.token_urlsafe(32)
        session = Session(
            digest=digest_of(secret),
            created_at=self.now,
            expires_at=self.now + SESSION_SECONDS,
            address=address_of(connection),
            client=browser(connection.headers.get("user-agent", "")),
        )
        await self.sessions.add(session)
        return self._cookie(connection, secret, SESSION_SECONDS)

    def _cookie(self, connection: AnyConnection, value: str, max_age: int) -> Cookie:
        return Cookie(
            COOKIE,
            path="/",
            value=value,
            max_age=max_age,
            httponly=True,
            samesite="strict",
            secure=scheme_of(connection) == "https",
        )

    @contextmanager
    def _one_try(self, connection: AnyConnection) -> Iterator[None]:
        """Counts a try before it is looked at, and takes that back if it was right; raises RateLimited.

        Once the limit is reached no try is looked at, a right one neither, so that guessing has a speed.
        """
        limit, clock = self.gateway.settings.admin_failures_per_minute, self.gateway.clock
        if not limit:
            yield
            return
        bucket = self._wrong.get(neighbourhood(address_of(connection)))
        if wait := bucket.take(limit, 1, clock.monotonic()):
            raise RateLimited("Too many wrong tries from this address.", whole_seconds(wait))
        yield
        bucket.put(limit, -1, clock.monotonic())


def check_origin(connection: AnyConnection) -> None:
    """Raises AccessDenied for a change that another site's page asks for.

    Browsers say where a request comes from: `Sec-Fetch-Site` on encrypted and local connections, where proxies
    cannot have confused it with their own host names, `Origin` everywhere. One that says neither is none of ours.
    """
    if connection.scope.get("method", "GET") in SAFE_METHODS:
        return
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        same = site == "same-origin"
    else:
        origin = connection.headers.get("origin", "")
        same = bool(origin) and urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()
    if not same:
        raise AccessDenied("This change was asked for by another site.")


def address_of(connection: AnyConnection) -> str:
    """The caller's address, as far as the gate believes it."""
    found = connection.scope.get("aihub.address")
    return str(found or (connection.client.host if connection.client else ""))


def scheme_of(connection: AnyConnection) -> str:
    """`https` also where a proxy in front of us says that it speaks it: a lie harms nobody but who tells it."""
    if connection.headers.get("x-forwarded-proto", "").strip().lower() == "https":
        return "https"
    return str(connection.scope.get("scheme", "http"))


def browser(user_agent: str) -> str:
    """`Firefox 152`, or nothing: free text is not kept. Most claim to be others as well, so the order counts."""
    found = dict(BROWSER.findall(user_agent))
    names = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    return next((f"{shown} {found[name]}" for name, shown in names.items() if name in found), "")
