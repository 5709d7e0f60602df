"""The one guard before every route of the framework: who asks, and whether they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import BaseRouteHandler

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.access.actor import Actor, set_actor
from aihub_lite.web.access.rights import check_right, right_of
from aihub_lite.web.framework import AnyConnection
from aihub_lite.web.sign_in import SignIn, address_of

Guard = Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]
API = "/api/"


def guard_of(gateway: Gateway, sign_in: SignIn) -> Guard:
    """Lets a request pass whose maker has the right that its route takes, and says who that is.

    Raises AccessDenied where they have not, Unauthenticated where nobody is signed in, RateLimited for either.
    """

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        right = right_of(str(connection.scope.get("method")), str(connection.scope.get("path_template")))
        if right == "open":
            return
        if connection.scope["path"].startswith(API):
            actor = await caller_of(connection, gateway, sign_in)
        else:
            actor = await sign_in.admit(connection)
        # First who it is: a page that refuses them still shows them their own way around.
        set_actor(connection, actor)
        check_right(actor, right)

    return guard


async def caller_of(connection: AnyConnection, gateway: Gateway, sign_in: SignIn) -> Actor:
    """Who calls an API: the holder of the admin key, or of a session of the console."""
    if key := bearer(connection):
        sign_in.check(connection, key)
        return Actor()
    # A header that holds no key we can read is a wrong key, whatever session comes with it.
    if "authorization" in connection.headers or not await sign_in.session(connection):
        raise gateway.limits.authentication_failed(address_of(connection))
    return await sign_in.admit(connection)


def bearer(connection: AnyConnection) -> str:
    """The key in `Authorization: Bearer`, or nothing: no other place is looked at."""
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return ""
    return key.strip()
