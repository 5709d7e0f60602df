"""The API under `/api/me`: what a person who is signed in may see and change of their own, and of nobody else.

May import `web.admin`, whose facts it shows, and what that may; every handler here reads whose they are from the guard.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar.di import Provide

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.dependencies import read_admin_body
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.me.account import ACCOUNT
from aihub_lite.web.me.passkeys import PASSKEYS
from aihub_lite.web.me.pot import POT
from aihub_lite.web.me.requests import REQUESTS
from aihub_lite.web.me.tokens import TOKENS
from aihub_lite.web.me.usage import USAGE
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.sign_in import SignIn
from aihub_lite.web.trail import trail_of

PATH = "/api/me"


def me_router(gateway: Gateway, sign_in: SignIn, sightings: Sightings, more: Sequence[PathRouter] = ()) -> PathRouter:
    """All routes, and those of `more`; a member has no other API."""
    return PathRouter(
        PATH,
        route_handlers=[*ACCOUNT, *TOKENS, *PASSKEYS, *POT, *USAGE, *REQUESTS, *more],
        dependencies={
            "content": Provide(read_admin_body),
            "gateway": Provide(lambda: gateway, sync_to_thread=False),
            "sign_in": Provide(lambda: sign_in, sync_to_thread=False),
            "sightings": Provide(lambda: sightings, sync_to_thread=False),
        },
        middleware=[trail_of(gateway)],
    )
