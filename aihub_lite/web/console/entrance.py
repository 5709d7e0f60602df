"""`/console/sign-in`, `/console/enter`, `/console/sign-out`, and the reader's language and theme."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

import attrs
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template

from aihub_lite.errors import GatewayError
from aihub_lite.web.admin.views import TheSignIn
from aihub_lite.web.console.language import COOKIE as LANGUAGE_COOKIE
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.pages import THEME_COOKIE, THEMES, AnyRequest, page
from aihub_lite.web.sign_in import check_origin, scheme_of

HOME = "/console"
YEAR = 365 * 86_400


@attrs.frozen
class KeyForm:
    """What the sign-in page sends."""

    key: str = ""
    then: str = HOME


@attrs.frozen
class TasteForm:
    """What the switches send; what is empty stays as it is."""

    language: str = ""
    theme: str = ""
    then: str = HOME


KeyFields = Annotated[KeyForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
TasteFields = Annotated[TasteForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


def own_path(text: str) -> str:
    """Where to go on after a form, if that is a page of ours; the front page for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    ours = parts.path == HOME or parts.path.startswith(HOME + "/")
    return text if ours and not parts.scheme and not parts.netloc and text.isprintable() and "\\" not in text else HOME


@get("/sign-in")
async def show_sign_in(request: AnyRequest, sign_in: TheSignIn, then: FromQuery[str] = HOME) -> Response[Any]:
    """Asks for the key; whoever is signed in goes on."""
    if await sign_in.session(request):
        return Redirect(own_path(then), status_code=303)
    return page(request, "sign_in.html", then=own_path(then), wrong="")


@post("/sign-in", status_code=303)
async def sign_in_with_key(request: AnyRequest, sign_in: TheSignIn, data: KeyFields) -> Response[Any]:
    """Opens a session; a refusal says so on the same page, with its own status."""
    check_origin(request)
    try:
        cookie = await sign_in.with_key(request, data.key)
    except GatewayError as error:
        return refused(page(request, "sign_in.html", then=own_path(data.then), wrong=f"key_{error.status}"), error)
    return Redirect(own_path(data.then), status_code=303, cookies=[cookie])


@get("/enter/{secret:str}")
async def show_enter(request: AnyRequest, secret: FromPath[str]) -> Template:
    """Only asks to be sent back: a preview of a link, which programs like to fetch, must not use it up."""
    return page(request, "enter.html", secret=secret)


@post("/enter/{secret:str}", status_code=303)
async def enter(request: AnyRequest, sign_in: TheSignIn, secret: FromPath[str]) -> Response[Any]:
    """Opens a session for whoever comes first."""
    check_origin(request)
    try:
        cookie = await sign_in.with_link(request, secret)
    except GatewayError as error:
        return refused(page(request, "sign_in.html", then=HOME, wrong=f"link_{error.status}"), error)
    return Redirect(HOME, status_code=303, cookies=[cookie])


@post("/sign-out", status_code=303)
async def sign_out(request: AnyRequest, sign_in: TheSignIn) -> Redirect:
    """Ends the session on both sides."""
    check_origin(request)
    return Redirect(f"{HOME}/sign-in", status_code=303, cookies=[await sign_in.leave(request)])


@post("/taste", status_code=303)
async def set_taste(request: AnyRequest, data: TasteFields) -> Redirect:
    """Language and theme are the reader's, kept by the reader's browser."""
    check_origin(request)
    secure = scheme_of(request) == "https"
    chosen = [(LANGUAGE_COOKIE, data.language, tuple(LANGUAGES)), (THEME_COOKIE, data.theme, THEMES)]
    cookies = [
        Cookie(name, path=HOME, value=value, max_age=YEAR, samesite="strict", httponly=True, secure=secure)
        for name, value, known in chosen
        if value in known
    ]
    return Redirect(own_path(data.then), status_code=303, cookies=cookies)


def refused(shown: Template, error: GatewayError) -> Template:
    """The page with the status of the refusal."""
    shown.status_code = error.status
    if error.retry_after is not None:
        shown.headers["retry-after"] = str(error.retry_after)
    return shown


ENTRANCE = [show_sign_in, sign_in_with_key, show_enter, enter, sign_out, set_taste]
