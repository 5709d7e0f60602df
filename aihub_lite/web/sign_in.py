"""Who may use the console: a session is opened with the admin key, a one-time link or a password, and lives in a
cookie."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import attrs

from aihub_lite.domain.people.audit import Via
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import digest_of
from aihub_lite.errors import AccessDenied, RateLimited, StorageUnavailable, Unauthenticated
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.audit import Who
from aihub_lite.gateway.people.passkeys import PasskeyDesk, Site
from aihub_lite.gateway.people.passwords import PasswordBook, check_password
from aihub_lite.gateway.state.admin_key import admin_key, replace_admin_key
from aihub_lite.gateway.state.limits import Buckets, network_of, whole_seconds
from aihub_lite.storage.people.invitations import Invitations
from aihub_lite.storage.people.passkeys import Passkeys
from aihub_lite.storage.people.passwords import Passwords
from aihub_lite.storage.sessions import Session, Sessions
from aihub_lite.web.access.actor import Actor

if TYPE_CHECKING:
    from litestar.datastructures import Cookie

    from aihub_lite.web.framework import AnyConnection

COOKIE = "aihub_session"
SESSION_SECONDS = 30 * 86_400
LINK_SECONDS = 3600
"""An hour: long enough to find the terminal again, too short to be worth stealing from a log."""
BROWSER = re.compile(r"\b(Edg|OPR|Firefox|Chrome|Safari)/(\d{1,4})", re.ASCII)
BROWSER_NAMES = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
"""In this order: Edge and Opera also say Chrome, and Chrome also says Safari."""
SAFE_METHODS = frozenset({"GET", "HEAD"})


@attrs.define(eq=False)
class SignIn:
    """Lets requests into the console and the admin API, by the admin key, a one-time link, a password or a session."""

    gateway: Gateway
    sessions: Sessions
    passwords: PasswordBook
    passkeys: PasskeyDesk
    invitations: Invitations
    expected: str
    """Digest of the admin key."""
    _failures: Buckets = attrs.field(factory=Buckets)
    """By the network of an address."""
    _requests: Buckets = attrs.field(factory=Buckets)
    """By session."""
    _telling: set[asyncio.Task[None]] = attrs.field(factory=set)
    """Failed tries on their way into the audit log."""

    @classmethod
    def of(cls, gateway: Gateway) -> Self:
        """Makes the admin key if there is none. Raises BadSetting."""
        key = admin_key(gateway.settings.data_dir, gateway.environ)
        database = gateway.database
        return cls(
            gateway=gateway,
            sessions=Sessions(database),
            passwords=PasswordBook(Passwords(database)),
            passkeys=PasskeyDesk(gateway.people, Passkeys(database), gateway.clock),
            invitations=Invitations(database),
            expected=digest_of(key),
        )

    @property
    def now(self) -> int:
        """The time in whole Unix seconds, as sessions and links count it."""
        return int(self.gateway.clock.wall())

    def is_key(self, key: str) -> bool:
        """Whether this is the admin key. Digests are compared: neither length nor time tells anything of the key."""
        return hmac.compare_digest(digest_of(key), self.expected)

    def check(self, connection: AnyConnection, key: str) -> None:
        """Raises Unauthenticated for another key than the admin's, RateLimited after too many of these.

        The key of this run is looked at whatever was tried before: it is too long to be guessed, and whoever has it
        sits at the machine and must not be shut out by a stranger's guesses.
        """
        if hmac.compare_digest(digest_of(key), digest_of(self.gateway.run_key)):
            return
        with self.counted_try(connection):
            if not self.is_key(key):
                raise Unauthenticated

    async def with_key(self, connection: AnyConnection, key: str) -> Cookie:
        """Open a session for the holder of the admin key; raises Unauthenticated or RateLimited."""
        with self.counted_try(connection):
            if not self.is_key(key.strip()):
                raise Unauthenticated
        return await self._open(connection)

    async def with_link(self, connection: AnyConnection, secret: str) -> Cookie:
        """Open a session for the first who presents a link's secret; raises Unauthenticated or RateLimited."""
        with self.counted_try(connection):
            if not await self.sessions.use_link(digest_of(secret), self.now):
                raise Unauthenticated
        return await self._open(connection)

    async def with_password(self, connection: AnyConnection, name: str, password: str) -> tuple[Person, Cookie]:
        """Open a session for a person by name or address; raises Unauthenticated, RateLimited or Overloaded.

        Who is unknown, disabled or without a password is refused like a wrong password, and after as long.
        """
        with self.counted_try(connection):
            person = self._named(name)
            person_id = ""
            if person is not None and not self.gateway.settings.oidc_only:
                person_id = person.id
            if not await self.passwords.matches(person_id, password) or person is None or not person.enabled:
                raise Unauthenticated
        return person, await self._open(connection, person)

    async def with_invitation(self, connection: AnyConnection, secret: str, password: str) -> tuple[Person, Cookie]:
        """Give whoever first presents an invitation's secret this password, and open a session for them.

        Raises InvalidRequest for a password that cannot be, AccessDenied where there are none, Unauthenticated,
        RateLimited or Overloaded.
        """
        if self.gateway.settings.oidc_only:
            raise AccessDenied("People sign in by the issuer alone here.")
        check_password(password)
        with self.counted_try(connection):
            # The hash comes first: where there is no turn for it, the link is still good for the next try.
            password_hash = await self.passwords.hash(password)
            person_id = await self.invitations.use(digest_of(secret), self.now)
            person = self.gateway.people.persons.get(person_id or "")
            if person is None or not person.enabled:
                raise Unauthenticated
        await self.passwords.store.put(person.id, password_hash, self.now)
        await self.gateway.audit.add(self._who(connection, person=person), "accept_invitation")
        return person, await self._open(connection, person)

    async def change_password(self, connection: AnyConnection, person: Person, old: str, new: str, keep: str) -> None:
        """Replace a person's own password, and end their sessions but the one with the digest `keep`.

        Raises AccessDenied for a wrong old one, InvalidRequest for a new one that cannot be, RateLimited or Overloaded.
        """
        check_password(new, "new")
        with self.counted_try(connection):
            # A session may be stolen: it alone must not be enough to shut its owner out.
            if not await self.passwords.matches(person.id, old):
                raise AccessDenied("old: is not your password")
        await self.passwords.set(person.id, new, self.now, keep)

    async def open_for(self, connection: AnyConnection, person: Person) -> Cookie:
        """Open a session for a person whom somebody else vouches for: an issuer, or a passkey."""
        return await self._open(connection, person)

    async def new_link(self) -> tuple[str, int]:
        """The path of a link that lets one browser in, and until when (Unix seconds)."""
        secret = secrets.token_urlsafe(32)
        until = self.now + LINK_SECONDS
        await self.sessions.add_link(digest_of(secret), self.now, until)
        return f"/console/enter/{secret}", until

    async def session(self, connection: AnyConnection) -> Session | None:
        """The session that the cookie names, if it is still good."""
        secret = connection.cookies.get(COOKIE)
        if not secret:
            return None
        session = await self.sessions.find(digest_of(secret), self.now)
        if session is None or (session.person_id and not self._may_sign_in(session.person_id)):
            return None
        return session

    async def admit(self, connection: AnyConnection) -> Actor:
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
        if not session.person_id:
            return Actor(session=session)
        return Actor(person=self.gateway.people.persons[session.person_id], session=session)

    async def reset_key(self) -> tuple[str, int]:
        """A new admin key, and how many sessions ended with the old one; links end as well. Raises Conflict."""
        key = replace_admin_key(self.gateway.settings.data_dir, self.gateway.environ)
        self.expected = digest_of(key)
        return key, await self.sessions.end_all()

    async def leave(self, connection: AnyConnection) -> Cookie:
        """End the session; the cookie that takes the old one's place."""
        session = await self.session(connection)
        if session is not None and await self.sessions.end(session.digest):
            person = self.gateway.people.persons.get(session.person_id)
            await self.gateway.audit.add(self._who(connection, person=person), "sign_out")
        return self._cookie(connection, "", 0)

    def _may_sign_in(self, person_id: str) -> bool:
        person = self.gateway.people.persons.get(person_id)
        return person is not None and person.enabled

    def _named(self, text: str) -> Person | None:
        """Who is meant by what somebody types: a name or an address, in capitals or not."""
        name = text.strip().casefold()
        for person in self.gateway.people.persons.values():
            if name in (person.name.casefold(), person.email):
                return person
        return None

    async def _open(self, connection: AnyConnection, person: Person | None = None) -> Cookie:
        person_id = ""
        if person is not None:
            person_id = person.id
        secret = secrets.token_urlsafe(32)
        session = Session(
            digest=digest_of(secret),
            created_at=self.now,
            expires_at=self.now + SESSION_SECONDS,
            address=address_of(connection),
            client=browser(connection.headers.get("user-agent", "")),
            person_id=person_id,
        )
        await self.sessions.add(session)
        await self.gateway.audit.add(self._who(connection, person=person), "sign_in")
        return self._cookie(connection, secret, SESSION_SECONDS)

    def _cookie(self, connection: AnyConnection, value: str, max_age: int) -> Cookie:
        # Imported only here: a start makes a link, and needs no framework for it.
        from litestar.datastructures import Cookie  # noqa: PLC0415

        return Cookie(
            COOKIE,
            path="/",
            value=value,
            max_age=max_age,
            httponly=True,
            samesite="strict",
            # Browsers drop a secure cookie that comes over plain HTTP: nobody could sign in there.
            secure=scheme_of(connection) == "https",
        )

    def _who(self, connection: AnyConnection, via: Via = "session", person: Person | None = None) -> Who:
        place = {
            "address": address_of(connection),
            "request_id": str(connection.scope.get("aihub.request_id", "")),
        }
        if person is not None:
            return Who(via="person", by=person.name, person_id=person.id, **place)
        by = "admin key" if via == "session" else via
        return Who(via=via, by=by, **place)

    async def _tell_failure(self, connection: AnyConnection) -> None:
        """The audit log has it as soon as the disk takes it: whoever guesses need not wait for that."""
        with suppress(StorageUnavailable):
            await self.gateway.audit.failed(self._who(connection, "nobody"))

    @contextmanager
    def counted_try(self, connection: AnyConnection) -> Iterator[None]:
        """As `_counted`; a wrong try is told."""
        try:
            with self._counted(connection):
                yield
        except (Unauthenticated, AccessDenied):
            task = asyncio.ensure_future(self._tell_failure(connection))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
            raise

    @contextmanager
    def _counted(self, connection: AnyConnection) -> Iterator[None]:
        """Counts a try before it is looked at, and takes that back if it was right; raises RateLimited.

        Once the limit is reached no try is looked at, a right one neither, so that guessing has a speed.
        """
        limit = self.gateway.settings.admin_failures_per_minute
        clock = self.gateway.clock
        if not limit:
            yield
            return
        bucket = self._failures.get(network_of(address_of(connection)))
        if wait := bucket.take(limit, 1, clock.monotonic()):
            raise RateLimited("Too many wrong tries from this address.", whole_seconds(wait))
        yield
        # Not in a `finally`: a wrong try raises and stays counted.
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
        host = connection.headers.get("host", "").lower()
        same = bool(host) and host_of(connection.headers.get("origin", "")) == host
    if not same:
        raise AccessDenied("This change was asked for by another site.")


def host_of(origin: str) -> str:
    """Host and port of an origin; nothing where it is none, such as `null` or `http://[x`."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def address_of(connection: AnyConnection) -> str:
    """The caller's address, as far as the gate believes it; else the socket's, or nothing."""
    address = connection.scope.get("aihub.address")
    if address:
        return str(address)
    if connection.client:
        return connection.client.host
    return ""


def scheme_of(connection: AnyConnection) -> str:
    """`https` also where a proxy in front of us says that it speaks it: a false header harms only its sender."""
    if connection.headers.get("x-forwarded-proto", "").strip().lower() == "https":
        return "https"
    return str(connection.scope.get("scheme", "http"))


def site_of(connection: AnyConnection, gateway: Gateway) -> Site:
    """Where the browser is, by the gateway's own address where that is set."""
    address = gateway.settings.public_url or f"{scheme_of(connection)}://{connection.headers.get('host', '')}"
    parts = urlsplit(address)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def browser(user_agent: str) -> str:
    """`Firefox 152`, or nothing for what is no browser we know: free text from strangers is not kept."""
    versions = dict(BROWSER.findall(user_agent))
    for product, name in BROWSER_NAMES.items():
        if product in versions:
            return f"{name} {versions[product]}"
    return ""
