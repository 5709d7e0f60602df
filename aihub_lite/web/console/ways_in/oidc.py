"""`/console/oidc`: to an issuer of OpenID Connect, and back from it.

What has to be the same on the way back is kept in a cookie of the browser itself: whoever begins costs no memory here,
and nobody else's browser can end what this one began.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

import attrs
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter, SkipValidation
from litestar.response import Redirect

from aihub_lite.domain.channel import Secret
from aihub_lite.errors import AccessDenied, GatewayError, NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.sso import SingleSignOn, identity_of
from aihub_lite.storage.people.identities import Identities
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.sso.issuer import ClientId, Issuer
from aihub_lite.web.admin.dependencies import TheGateway, TheSignIn
from aihub_lite.web.console.connect import root_of
from aihub_lite.web.console.pages import HOME, page
from aihub_lite.web.console.sign_in import first_page, redirect_target, sign_in_page, with_status
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.sign_in import scheme_of

PATH = f"{HOME}/oidc"
COOKIE = "aihub_oidc"
SECONDS = 600
"""How long a sign-in at the issuer may take."""


@attrs.frozen(eq=False)
class Door:
    """The issuer, and who its people are here."""

    issuer: Issuer
    people: SingleSignOn


@attrs.frozen
class Begun:
    """What a browser keeps of a sign-in that it has begun."""

    state: str
    nonce: str
    verifier: str
    then: str

    @property
    def text(self) -> str:
        """As the cookie holds it."""
        return ".".join((self.state, self.nonce, self.verifier, urlsafe_b64encode(self.then.encode()).decode()))


def begun_in(text: str) -> Begun | None:
    """What a cookie holds; None where it holds nothing of ours."""
    parts = text.split(".")
    if len(parts) != len(attrs.fields(Begun)) or not all(parts):
        return None
    state, nonce, verifier, then = parts
    try:
        return Begun(state, nonce, verifier, urlsafe_b64decode(then).decode())
    except ValueError:
        return None


def door_of(gateway: Gateway) -> Door | None:
    """From the settings; None where they name no issuer."""
    settings = gateway.settings
    if not settings.oidc_issuer:
        return None
    secret = ""
    if settings.oidc_client_secret:
        secret = resolve(Secret(settings.oidc_client_secret), gateway.environ) or ""
    client = ClientId(id=settings.oidc_client_id, secret=secret, scopes=settings.oidc_scopes)
    issuer = Issuer(gateway.transport, gateway.clock, settings.oidc_issuer, client)
    return Door(issuer, SingleSignOn(gateway.people, Identities(gateway.database), settings, gateway.credits.start))


# `state` is a word of the framework's: a parameter of that name would be its own.
Proof = Annotated[str, QueryParameter(name="state")]

TheDoor = NamedDependency[SkipValidation[Door | None]]
"""The issuer's, where there is one."""


def redirect_uri(request: AnyRequest, gateway: Gateway) -> str:
    """Where the issuer sends a browser back to; it has to know it by this name."""
    return f"{root_of(request, gateway)}{PATH}/back"


@get("/start")
async def begin(request: AnyRequest, gateway: TheGateway, door: TheDoor, then: FromQuery[str] = HOME) -> Response[Any]:
    """Send the browser to the issuer."""
    if door is None:
        raise NotFound("There is no issuer to sign in by.")
    begun = Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(32),
        then=redirect_target(then),
    )
    try:
        uri = redirect_uri(request, gateway)
        address = await door.issuer.address(uri, begun.state, begun.nonce, begun.verifier)
    except GatewayError as error:
        return with_status(sign_in_page(request, gateway, begun.then, f"oidc_{error.status}"), error)
    return Redirect(address, status_code=303, cookies=[kept(request, begun.text, SECONDS)])


def kept(request: AnyRequest, value: str, max_age: int) -> Cookie:
    """The cookie. Not a strict one: the issuer's site leads back here."""
    return Cookie(
        COOKIE,
        path=PATH,
        value=value,
        max_age=max_age,
        httponly=True,
        samesite="lax",
        secure=scheme_of(request) == "https",
    )


@get("/back")
async def come_back(
    request: AnyRequest,
    gateway: TheGateway,
    sign_in: TheSignIn,
    door: TheDoor,
    code: FromQuery[str] = "",
    proof: Proof = "",
) -> Response[Any]:
    """Open a session for whom the issuer says it was."""
    if door is None:
        raise NotFound("There is no issuer to sign in by.")
    begun = begun_in(request.cookies.get(COOKIE, ""))
    try:
        with sign_in.counted_try(request):
            if begun is None or not hmac.compare_digest(begun.state.encode(), proof.encode()) or not code:
                raise AccessDenied("This sign-in was not begun in this browser, or the issuer ended it.")
            claims = await door.issuer.claims(code, redirect_uri(request, gateway), begun.nonce, begun.verifier)
            person = await door.people.person(identity_of(claims, door.issuer.url, gateway.settings))
        cookie = await sign_in.open_for(request, person)
    except GatewayError as error:
        refused = with_status(sign_in_page(request, gateway, HOME, f"oidc_{error.status}"), error)
        refused.cookies = [kept(request, "", 0)]
        return refused
    # A page, which goes on by itself: a browser sends no strict cookie along a redirection that began elsewhere.
    entered = page(request, "ways_in/entered.html", then=first_page(person, begun.then))
    entered.cookies = [cookie, kept(request, "", 0)]
    return entered


def oidc_router(gateway: Gateway) -> PathRouter:
    """Both routes, about the issuer that the settings name."""
    door = door_of(gateway)
    return PathRouter(
        "/oidc",
        route_handlers=[begin, come_back],
        dependencies={"door": Provide(lambda: door, sync_to_thread=False)},
    )
