"""Who may read the documentation, and what of this gateway it tells them.

`docs = public`: everybody. `signed-in`: who is signed in to the console, has a key, or sits at the machine. A key is
shown once, by `POST /docs/open`, or by a program with each request; the cookie that the former leaves proves that its
holder had the key, and is of no use for anything else: it ends with the key. `off`: nobody.
"""

from __future__ import annotations

import hmac

import attrs
from litestar.datastructures import Cookie

from aihub_lite.domain.addresses import is_loopback
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.errors import NotFound, Unauthenticated
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.access.actor import Actor
from aihub_lite.web.access.rights import may
from aihub_lite.web.framework import AnyConnection
from aihub_lite.web.relay.endpoint import exchange_of
from aihub_lite.web.sign_in import SignIn, address_of, scheme_of

PUBLIC = "public"
OFF = "off"
COOKIE = "aihub_docs"
COOKIE_SECONDS = 30 * 86_400
FORWARDED = ("forwarded", "x-forwarded-for", "via")
"""What a proxy adds: behind one, a local address says nothing of who asks."""
KEYS = ("authorization", "x-api-key")
"""Headers that a program's key comes in."""


@attrs.frozen
class Reader:
    """Somebody who may read; `token` is set where all that is known of them is their key."""

    token: Token | None = None
    admin: bool = False
    """Whether they may use the admin API, and read of it and of what is the operator's."""
    person: bool = False
    """Whether they are signed in as themselves, and have an API of their own."""


async def reader_of(connection: AnyConnection, gateway: Gateway, sign_in: SignIn) -> Reader:
    """Who asks for a page; raises NotFound where there is no documentation, Unauthenticated where it is not open."""
    setting = gateway.settings.docs
    if setting == OFF:
        raise NotFound("The documentation of this gateway is switched off.")
    if session := await sign_in.session(connection):
        person = gateway.people.persons.get(session.person_id)
        return Reader(admin=may(Actor(person=person), "admin"), person=person is not None)
    token = _token_of(connection, gateway)
    if shows_key(connection):
        # A program has no cookie: it brings its key each time, as it does to the relay.
        token = gateway.line.authenticate(exchange_of(connection.scope, connection.receive, None))
    if token is not None:
        return Reader(token)
    if setting == PUBLIC or is_local(connection):
        return Reader()
    raise Unauthenticated


def _token_of(connection: AnyConnection, gateway: Gateway) -> Token | None:
    """The token whose key was shown before, if that key is still good."""
    token_id, _, proof = connection.cookies.get(COOKIE, "").partition(".")
    balance = gateway.ledger.balances.get(token_id)
    if balance is None or not balance.token.live(gateway.clock.wall()):
        return None
    if not hmac.compare_digest(_proof(balance.token).encode(), proof.encode()):
        return None
    return balance.token


def cookie_for(connection: AnyConnection, token: Token) -> Cookie:
    """What stands for having shown the key of a token."""
    return Cookie(
        COOKIE,
        path="/docs",
        value=f"{token.id}.{_proof(token)}",
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=scheme_of(connection) == "https",
    )


def _proof(token: Token) -> str:
    # The digest opens nothing by itself, and this tells nothing of it; a new key has another one.
    return digest_of(f"docs {token.digest}")


def shows_key(connection: AnyConnection) -> bool:
    """Whether a request brings a key by itself, right or wrong."""
    return any(connection.headers.get(name) for name in KEYS)


def is_local(connection: AnyConnection) -> bool:
    """Whether somebody at the machine itself asks, without a proxy in between."""
    if any(connection.headers.get(name) for name in FORWARDED):
        return False
    return is_loopback(address_of(connection))
