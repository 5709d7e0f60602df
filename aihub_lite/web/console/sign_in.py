"""`/console/sign-in`, `…/invitation`, `…/enter`, `…/sign-out`, and the reader's language and theme."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from aihub_lite.domain.people.person import Person
from aihub_lite.errors import GatewayError, InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.passkeys import available
from aihub_lite.gateway.people.passwords import SHORTEST
from aihub_lite.web.admin.dependencies import TheGateway, TheSignIn
from aihub_lite.web.body import read_form
from aihub_lite.web.console.language import COOKIE as LANGUAGE_COOKIE
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.pages import OWN_HOME, THEME_COOKIE, THEMES, page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.sign_in import SignIn, check_origin, scheme_of

HOME = "/console"
DOCS = "/docs"
YEAR = 365 * 86_400
PAGES = re.compile(r"/(?:console|docs)(?:/|$)")
"""Where a form may lead."""


def redirect_target(text: str) -> str:
    """The address to go on to after a form, if it is a page of ours; the console's front page for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    ours = PAGES.match(parts.path) is not None
    # Browsers take a backslash for a slash and drop control characters: either could hide another host.
    if ours and not parts.scheme and not parts.netloc and text.isprintable() and "\\" not in text:
        return text
    return HOME


def first_page(person: Person, target: str = HOME) -> str:
    """Where a person goes on to after the sign-in, who came to it on the way to `target`."""
    if target == HOME and person.role == "member":
        return OWN_HOME
    return target


def sign_in_page(request: AnyRequest, gateway: Gateway, then: str, wrong: str = "", name: str = "") -> Template:
    """The form for the key, and for a name and password where there are people; `wrong` says why it is shown again."""
    settings = gateway.settings
    return page(
        request,
        "pages/sign_in.html",
        then=then,
        wrong=wrong,
        name=name,
        people=bool(gateway.people.persons) and not settings.oidc_only,
        passkeys=available() and bool(gateway.people.persons) and not settings.oidc_only,
        issuer=urlsplit(settings.oidc_issuer).hostname or "",
    )


@get("/sign-in")
async def show_sign_in(
    request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn, then: FromQuery[str] = HOME
) -> Response[Any]:
    """The forms; with a session, on to the page that led here."""
    if await sign_in.session(request):
        return Redirect(redirect_target(then), status_code=303)
    return sign_in_page(request, gateway, redirect_target(then))


@post("/sign-in", status_code=303)
async def open_session(request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn) -> Response[Any]:
    """Open a session with the form's `key`, or its `name` and `password`.

    A refusal is shown on the same page, with its own status.
    """
    check_origin(request)
    form = await read_form(request, gateway)
    target = redirect_target(form.get("then", HOME))
    if "name" in form:
        return await open_own_session(request, gateway, sign_in, form, target)
    try:
        cookie = await sign_in.with_key(request, form.get("key", ""))
    except GatewayError as error:
        return with_status(sign_in_page(request, gateway, target, f"key_{error.status}"), error)
    return Redirect(target, status_code=303, cookies=[cookie])


async def open_own_session(
    request: AnyRequest, gateway: Gateway, sign_in: SignIn, form: Mapping[str, str], target: str
) -> Response[Any]:
    """Open a person's session with the form's `name` and `password`."""
    name = form["name"]
    try:
        person, cookie = await sign_in.with_password(request, name, form.get("password", ""))
    except GatewayError as error:
        return with_status(sign_in_page(request, gateway, target, f"person_{error.status}", name), error)
    return Redirect(first_page(person, target), status_code=303, cookies=[cookie])


def invitation_page(request: AnyRequest, secret: str, wrong: str = "") -> Template:
    """The form for a first password; `wrong` says why it is shown again."""
    return page(request, "ways_in/invitation.html", secret=secret, wrong=wrong, shortest=SHORTEST)


@get("/invitation/{secret:str}")
async def show_invitation(request: AnyRequest, secret: FromPath[str]) -> Template:
    """The form for a first password. To look at it uses nothing up, and tells nothing of whoever is invited."""
    return invitation_page(request, secret)


@post("/invitation/{secret:str}", status_code=303)
async def accept_invitation(
    request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn, secret: FromPath[str]
) -> Response[Any]:
    """Give the first who presents the link's secret the form's `password`, and open a session."""
    check_origin(request)
    form = await read_form(request, gateway)
    password = form.get("password", "")
    try:
        if form.get("again") != password:
            raise InvalidRequest("again: is not the same password")
        person, cookie = await sign_in.with_invitation(request, secret, password)
    except GatewayError as error:
        return with_status(invitation_page(request, secret, f"wrong_{error.status}"), error)
    return Redirect(first_page(person), status_code=303, cookies=[cookie])


@get("/enter/{secret:str}")
async def show_enter(request: AnyRequest, secret: FromPath[str]) -> Template:
    """A page that posts itself back: a program that only fetches the link for a preview must not use it up."""
    return page(request, "pages/enter.html", secret=secret)


@post("/enter/{secret:str}", status_code=303)
async def enter(request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn, secret: FromPath[str]) -> Response[Any]:
    """Open a session for the first who posts the link's secret."""
    check_origin(request)
    try:
        cookie = await sign_in.with_link(request, secret)
    except GatewayError as error:
        return with_status(sign_in_page(request, gateway, HOME, f"link_{error.status}"), error)
    return Redirect(HOME, status_code=303, cookies=[cookie])


@post("/sign-out", status_code=303)
async def sign_out(request: AnyRequest, sign_in: TheSignIn) -> Redirect:
    """End the session here, and its cookie in the browser."""
    check_origin(request)
    return Redirect(f"{HOME}/sign-in", status_code=303, cookies=[await sign_in.leave(request)])


@post("/taste", status_code=303)
async def set_taste(request: AnyRequest, gateway: TheGateway) -> Redirect:
    """Keep the form's `language` and `theme` in cookies: nothing here knows who the reader is."""
    check_origin(request)
    form = await read_form(request, gateway)
    secure = scheme_of(request) == "https"
    language = (LANGUAGE_COOKIE, form.get("language", ""), tuple(LANGUAGES))
    theme = (THEME_COOKIE, form.get("theme", ""), THEMES)
    cookies = [
        Cookie(name, path=path, value=value, max_age=YEAR, samesite="strict", httponly=True, secure=secure)
        for name, value, allowed in (language, theme)
        if value in allowed
        for path in (HOME, DOCS)
    ]
    return Redirect(redirect_target(form.get("then", HOME)), status_code=303, cookies=cookies)


def with_status(template: Template, error: GatewayError) -> Template:
    """A page that shows a refusal, with the refusal's status and its `retry-after`."""
    template.status_code = error.status
    if error.retry_after is not None:
        template.headers["retry-after"] = str(error.retry_after)
    return template


ENTRANCE = [
    show_sign_in,
    open_session,
    show_invitation,
    accept_invitation,
    show_enter,
    enter,
    sign_out,
    set_taste,
]
